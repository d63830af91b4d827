/** One request that was let in, as the operations see it. */
import type { ObjectStore } from "../interface.ts";
import { type Markup, writeXml } from "../s3/xml.ts";
import { toUtf8 } from "../utf8.ts";
import type { Payload } from "./payload.ts";
import type { Received } from "./received.ts";

/** What an operation has to work with. */
export interface Call extends Received {
  readonly store: ObjectStore;
  readonly region: string;
  /** The access key that signed; null for a request that anybody may send. */
  readonly accessKeyId: string | null;
  /** The body, as it is asked for; held against these headers in place of the request's. */
  readonly payload: (headers?: Headers) => Payload;
  /** Of who reads. A write ends with its body: some hosts abort the signal of a request whose body they have handed on. */
  readonly signal: AbortSignal | undefined;
}

/** An answer that is a document. */
export function xml(root: Markup, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/xml");
  const prolog = toUtf8('<?xml version="1.0" encoding="UTF-8"?>\n');
  // An error in a namespace is none to botocore, which then finds no code in it.
  const document = root[0] === "Error" ? writeXml(root, "") : writeXml(root);
  const bytes = new Uint8Array(prolog.byteLength + document.byteLength);
  bytes.set(prolog);
  bytes.set(document, prolog.byteLength);
  headers.set("content-length", String(bytes.byteLength));
  return new Response(bytes, { ...init, headers });
}

/** A moment as documents have it. */
export function iso(date: Date | undefined): string {
  return (date ?? new Date(0)).toISOString();
}
