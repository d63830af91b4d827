/** An authorized request as the operations see it, and the XML answers that they give. */
import type { ObjectStore } from "../interface.ts";
import { type Markup, writeXml } from "../s3/xml.ts";
import { toUtf8 } from "../utf8.ts";
import type { Payload } from "./payload.ts";
import type { Received } from "./received.ts";

/** An authorized request. */
export interface Call extends Received {
  readonly store: ObjectStore;
  readonly region: string;
  /** The access key of the signer; null for an anonymous request. */
  readonly accessKeyId: string | null;
  /** Opens the body, which is checked against `headers`. Default: those of the request. */
  readonly payload: (headers?: Headers) => Payload;
  /**
   * For reads only: some hosts abort the signal of a write while its body is still being read. A write ends with its
   * body.
   */
  readonly signal: AbortSignal | undefined;
}

/** An answer with an XML document. */
export function xml(root: Markup, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set("content-type", "application/xml");
  const prolog = toUtf8('<?xml version="1.0" encoding="UTF-8"?>\n');
  // No namespace for errors: botocore would not find the code in them.
  const document = root[0] === "Error" ? writeXml(root, "") : writeXml(root);
  const bytes = new Uint8Array(prolog.byteLength + document.byteLength);
  bytes.set(prolog);
  bytes.set(document, prolog.byteLength);
  headers.set("content-length", String(bytes.byteLength));
  return new Response(bytes, { ...init, headers });
}

/** A date as documents write it. */
export function iso(date: Date | undefined): string {
  return (date ?? new Date(0)).toISOString();
}
