/** Object headers and user metadata as S3's request and response headers, in both directions. */
import type { ObjectHeaders } from "../backend.ts";
import { type HeaderOption, OBJECT_HEADERS } from "../options.ts";
import { base64, toUtf8 } from "../utf8.ts";

/** What the names of headers with user metadata begin with. */
export const META = "x-amz-meta-";

/** Headers to send; undefined ones are not. */
export type HeaderMap = Readonly<Record<string, string | undefined>>;

/** The options that are headers, with their names. */
export const NAMES = Object.entries(OBJECT_HEADERS) as readonly (readonly [HeaderOption, string])[];

/** The headers that store these with an object. */
export function toRequestHeaders(options: ObjectHeaders): HeaderMap {
  const headers: Record<string, string | undefined> = {};
  for (const [option, name] of NAMES) if (options[option] !== undefined) headers[name] = options[option];
  const { metadata } = options;
  for (const name in metadata) headers[META + name] = encodeValue(metadata[name] as string);
  return headers;
}

/**
 * Header values are ASCII: runtimes disagree on how to send anything else, so that its signature would not match. Other text
 * goes as an RFC 2047 encoded word, which AWS and MinIO use themselves.
 */
function encodeValue(value: string): string {
  if (/^[\x20-\x7E]*$/.test(value) && !value.includes("=?") && !value.includes("  ")) return value;
  return `=?UTF-8?B?${base64(toUtf8(value))}?=`;
}

/** The text of a header with user metadata, as it was before {@link toRequestHeaders}. */
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

/** What stands for `%`, a space and `%` in percent-encoding. */
const QUOTED: Readonly<Record<string, string>> = { "%": "%25", _: "%20", "=": "%" };
