/** Object headers and user metadata as S3's request and response headers, in both directions. */
import type { ObjectHeaders } from "../backend.ts";
import { type HeaderOption, OBJECT_HEADERS } from "../options.ts";
import { base64, toUtf8 } from "../utf8.ts";

/** The prefix of headers with user metadata. */
export const META = "x-amz-meta-";

/** Headers to send; undefined ones are not. */
export type HeaderMap = Readonly<Record<string, string | undefined>>;

/** The options that are headers of an object, with the names of these. */
export const NAMES = Object.entries(OBJECT_HEADERS) as readonly (readonly [HeaderOption, string])[];

/** The conditions of a request. */
export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** The headers of conditions. */
export function conditionHeaders({ ifMatch, ifNoneMatch }: Conditions): HeaderMap {
  return { "if-match": ifMatch, "if-none-match": ifNoneMatch };
}

/** The headers that store these options with an object. */
export function toRequestHeaders(options: ObjectHeaders): HeaderMap {
  const headers: Record<string, string | undefined> = {};
  for (const [option, name] of NAMES) if (options[option] !== undefined) headers[name] = options[option];
  const { metadata } = options;
  for (const name in metadata) headers[META + name] = encodeValue(metadata[name] as string);
  return headers;
}

/**
 * Header values are ASCII, since runtimes send anything else in different ways, and the signature would not match. Other text goes as an
 * encoded word of RFC 2047, as AWS and MinIO themselves write it.
 */
function encodeValue(value: string): string {
  if (/^[\x20-\x7E]*$/.test(value) && !value.includes("=?") && !value.includes("  ")) return value;
  return `=?UTF-8?B?${base64(toUtf8(value))}?=`;
}

/** The text in a header with user metadata, as {@link toRequestHeaders} was given it. */
export function decodeValue(value: string): string {
  return value.replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=(?:\s+(?==\?))?/gi, (_, kind: string, text: string) => {
    try {
      if (kind.toUpperCase() === "Q") return decodeURIComponent(text.replace(/[%_=]/g, (c) => QUOTED[c] as string));
      return new TextDecoder().decode(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
    } catch {
      return text;
    }
  });
}

/** From quoted-printable to percent-encoding: a bare `%` is text, `_` a space, and `=` begins a byte in hex. */
const QUOTED: Readonly<Record<string, string>> = { "%": "%25", _: "%20", "=": "%" };
