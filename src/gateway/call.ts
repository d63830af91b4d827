/** One request that was let in, as the operations see it. */
import type { ObjectStore } from "../interface.ts";
import { type Markup, writeXml } from "../s3/xml.ts";
import type { Payload } from "./payload.ts";
import type { Received } from "./received.ts";
import { Refusal } from "./refusal.ts";

/** What an operation has to work with. */
export interface Call extends Received {
  readonly store: ObjectStore;
  readonly region: string;
  /** The access key that signed; null for a request that anybody may send. */
  readonly accessKeyId: string | null;
  /** The body, as it is asked for. */
  readonly payload: () => Payload;
  readonly signal: AbortSignal;
}

/** The largest document that a client may send, in bytes: a thousand keys of 1024 bytes, each written as six. */
const MAX_DOCUMENT = 8 * 1024 * 1024;

/** An answer that is a document. */
export function xml(root: Markup, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/xml");
  const prolog = new TextEncoder().encode('<?xml version="1.0" encoding="UTF-8"?>\n');
  // An error in a namespace is none to botocore, which then finds no code in it.
  const document = root[0] === "Error" ? writeXml(root, "") : writeXml(root);
  const bytes = new Uint8Array(prolog.byteLength + document.byteLength);
  bytes.set(prolog);
  bytes.set(document, prolog.byteLength);
  return new Response(bytes, { ...init, headers });
}

/** The document that was sent, as text. */
export async function documentOf({ payload }: Pick<Call, "payload">): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: false });
  let [text, bytes] = ["", 0];
  for await (const piece of payload().body) {
    bytes += piece.byteLength;
    if (bytes > MAX_DOCUMENT) throw new Refusal("MalformedXML", "The XML you provided is too large.");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** A moment as documents have it. */
export function iso(date: Date | undefined): string {
  return (date ?? new Date(0)).toISOString();
}
