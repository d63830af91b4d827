/** The documents that clients send. */
import { type Element, readXml } from "../s3/xml.ts";
import type { Call } from "./call.ts";
import { Refusal } from "./refusal.ts";

/** The largest that is read, in bytes: a thousand keys of 1024 bytes, each written as six. */
const MAX_DOCUMENT = 8 * 1024 * 1024;

/** The root of the document that was sent, which must have this name; held against these headers in place of the request's. */
export async function documentOf(
  { payload }: Pick<Call, "payload">,
  name: string,
  headers?: Headers,
): Promise<Element> {
  // A byte that is no text would else become another key's.
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

/** What a function gives that reads a document: whatever is wrong with it is the client's. */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Refusal ? error : malformed(error);
  }
}

/** The failure of a document that is none, or not what was asked for. */
export function malformed(cause?: unknown): Refusal {
  const said = "The XML you provided was not well-formed or did not validate against our published schema";
  return new Refusal("MalformedXML", said, { cause });
}
