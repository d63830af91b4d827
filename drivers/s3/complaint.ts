/** What an answer that is no success says of the reason: in its error document, or in its head. */
import { childText, type Element, readXml } from "../../src/s3/xml.ts";
import type { WireResponse } from "./transport.ts";

/** An error document is small; more is not read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** The head of an answer. */
export type Answer = Pick<WireResponse, "status" | "header">;

/** The reason of a failure, as far as the answer tells it. */
export interface Complaint {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly region: string | undefined;
}

const NOTHING: Complaint = { code: undefined, message: undefined, region: undefined };

/** Reads the error document of an answer, or its head when there is no body. Never rejects. */
export async function readComplaint(response: WireResponse): Promise<Complaint> {
  try {
    const bytes = await response.bytes(MAX_ERROR_BYTES);
    if (bytes.length === 0) return headComplaint(response);
    const root = readXml(new TextDecoder().decode(bytes));
    if (root.name === "Error") return complaintOf(root);
  } catch {
    // A proxy's page, or a document that breaks off: the status says enough.
  }
  return NOTHING;
}

/**
 * What MinIO says in the head, since the answer to a HEAD has no document.
 * @see https://github.com/minio/minio/blob/master/cmd/api-response.go
 */
function headComplaint({ header }: Answer): Complaint {
  const code = header("x-minio-error-code") ?? "";
  if (!/^\w{1,64}$/.test(code)) return NOTHING;
  return { ...NOTHING, code, message: header("x-minio-error-desc")?.replace(/^"(.*)"$/, "$1") };
}

/** What an error document says, or an `<Error>` within another document. */
export function complaintOf(element: Element): Complaint {
  const [code, message, region] = ["Code", "Message", "Region"].map((name) => childText(element, name));
  return { code, message, region };
}
