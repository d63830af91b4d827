/** What an answer says of its failure: its head, and the error document as far as there is one. */
import { childText, type Element, readXml } from "../../src/s3/xml.ts";
import type { WireResponse } from "./transport.ts";

/** An error document is small; more is not read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The head of an answer. */
export type Answer = Pick<WireResponse, "status" | "header">;

/** What an answer says of its failure. */
export interface Complaint {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly region: string | undefined;
}

/** Reads an answer's body as an error document, as far as there is one. */
export async function readComplaint(response: WireResponse): Promise<Complaint> {
  try {
    const root = readXml(new TextDecoder().decode(await response.bytes(MAX_ERROR_BYTES)));
    if (root.name === "Error") return complaintOf(root);
  } catch {
    // None, a proxy's page, or one that breaks off; the status says enough.
  }
  return { code: undefined, message: undefined, region: undefined };
}

/** What an error document, or an `<Error>` within another, says. */
export function complaintOf(element: Element): Complaint {
  const [code, message, region] = ["Code", "Message", "Region"].map((name) => childText(element, name));
  return { code, message, region };
}
