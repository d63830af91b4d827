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

const NOTHING: Complaint = { code: undefined, message: undefined, region: undefined };

/** Reads an answer's body as an error document, as far as there is one, and else what the head says. */
export async function readComplaint(response: WireResponse): Promise<Complaint> {
  try {
    const bytes = await response.bytes(MAX_ERROR_BYTES);
    if (bytes.length === 0) return headComplaint(response);
    const root = readXml(new TextDecoder().decode(bytes));
    if (root.name === "Error") return complaintOf(root);
  } catch {
    // None, a proxy's page, or one that breaks off; the status says enough.
  }
  return NOTHING;
}

/**
 * What MinIO says of a HEAD, whose answer has no document.
 * @see https://github.com/minio/minio/blob/master/cmd/api-response.go
 */
function headComplaint({ header }: Answer): Complaint {
  const code = header("x-minio-error-code") ?? "";
  if (!/^\w{1,64}$/.test(code)) return NOTHING;
  return { ...NOTHING, code, message: header("x-minio-error-desc")?.replace(/^"(.*)"$/, "$1") };
}

/** What an error document, or an `<Error>` within another, says. */
export function complaintOf(element: Element): Complaint {
  const [code, message, region] = ["Code", "Message", "Region"].map((name) => childText(element, name));
  return { code, message, region };
}
