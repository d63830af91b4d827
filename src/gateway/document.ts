/** Reads the XML documents that clients send. */
import { type Element, readXml } from "../s3/xml.ts";
import type { Call } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** The largest document in bytes: room for a thousand keys of 1024 bytes, each byte written as six characters. */
const MAX_DOCUMENT = 8 * 1024 * 1024;

/**
 * Reads a document whose root has this name. The body is checked against `headers`, by default those of the request.
 */
export async function documentOf(
  { payload }: Pick<Call, "payload">,
  name: string,
  headers?: Headers,
): Promise<Element> {
  // Fatal: replacement characters in place of invalid bytes would make another key.
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, bytes] = ["", 0];
  for await (const piece of payload(headers).body) {
    bytes += piece.byteLength;
    if (bytes > MAX_DOCUMENT) throw new Refusal("MalformedXML", "The XML you provided is too large.");
    text += understood(() => decoder.decode(piece, { stream: true }));
  }
  return understood(() => {
    const root = readXml(text + decoder.decode());
    if (root.name !== name) throw malformed();
    return root;
  });
}

/** Runs what reads a document. Whatever it throws is a fault of the document, and so of the client. */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Refusal ? error : malformed(error);
  }
}

/** The refusal of a document that is malformed, or another than expected. */
export function malformed(cause?: unknown): Refusal {
  const said = "The XML you provided was not well-formed or did not validate against our published schema";
  return new Refusal("MalformedXML", said, { cause });
}
