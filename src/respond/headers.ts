import type { ObjectInfo } from "../interface.ts";
import { refuse } from "../options.ts";
import { essenceOf, isActive } from "../media-type.ts";
import { checkDisposition, formatDisposition, parseDisposition } from "./disposition.ts";

/** Options of `respond`. */
export interface RespondOptions {
  /** File name for saving. Default: that of the stored disposition, else the last segment of the key. */
  readonly filename?: string | undefined;
  /**
   * Whether browsers show or save the object; types that are unsafe to show are always saved. Default: as stored, else
   * `inline`.
   */
  readonly disposition?: "inline" | "attachment" | undefined;
  /**
   * Cache-Control of objects that were stored without one. Default `private, no-cache`, since an object may be replaced
   * and may need a login: only the browser keeps it, and asks each time whether it has changed (304). `headers`
   * overrides both.
   */
  readonly cacheControl?: string | undefined;
  /**
   * Further headers, such as those of CORS. `cache-control` overrides that of the object. Other headers that describe
   * the object (`etag`, `content-type` ...) reject `invalid-option`. Default: none.
   */
  readonly headers?: ConstructorParameters<typeof Headers>[0] | undefined;
  /**
   * Further types that browsers may show, such as `application/pdf`; HTML, SVG and XML are never shown. Default: none.
   */
  readonly inline?: readonly string[] | undefined;
}

/** Types that browsers show without running script, https://mimesniff.spec.whatwg.org/#mime-type-groups. */
const INLINE: ReadonlySet<string> = new Set([
  "text/plain",
  ...[
    "png",
    "apng",
    "jpeg",
    "gif",
    "webp",
    "avif",
    "heic",
    "heif",
    "jxl",
    "bmp",
    "tiff",
    "x-icon",
    "vnd.microsoft.icon",
  ].map((type) => `image/${type}`),
  ...["mpeg", "mp4", "x-m4a", "aac", "ogg", "opus", "wav", "x-wav", "vnd.wave", "webm", "flac", "x-flac", "aiff"].map(
    (type) => `audio/${type}`,
  ),
  ...["mp4", "webm", "ogg", "quicktime", "x-m4v", "x-matroska", "matroska"].map((type) => `video/${type}`),
]);

/** Headers that only object and request determine. */
const DETERMINED = /^(?:content-(?:type|disposition|encoding|language|length|range)|accept-ranges|etag|last-modified)$/;

/** The caller's headers; throws `invalid-option` for one that would be overwritten. */
export function ownHeaders({ headers }: RespondOptions): Headers {
  const own = parseHeaders(headers);
  for (const name of own.keys()) if (DETERMINED.test(name)) throw refuse(`headers ${name}`, "is told by the object");
  return own;
}

function parseHeaders(headers: RespondOptions["headers"]): Headers {
  try {
    return new Headers(headers);
  } catch {
    // The thrown error is dropped: it may contain a value.
    throw refuse("headers", "must be names and values that headers can have");
  }
}

/**
 * Checks the options that become headers; throws `invalid-option`. Otherwise a wrong one would be left out of answers
 * unnoticed.
 */
export function checkOptions({
  disposition = "inline",
  filename = "",
  cacheControl = "",
  inline,
}: RespondOptions): void {
  checkDisposition(disposition, filename);
  if (typeof cacheControl !== "string" || !/^[\t\x20-\x7e]*$/.test(cacheControl))
    throw refuse("cacheControl", "must be printable ASCII");
  if (inline === undefined) return;
  if (!Array.isArray(inline)) throw refuse("inline", "must be a list of media types");
  for (const type of inline as unknown[])
    if (typeof type !== "string" || essenceOf(type) !== type.toLowerCase() || type.includes("*"))
      throw refuse(`inline ${JSON.stringify(type)}`, "is no media type, such as application/pdf");
}

/** The headers of an answer about this object, without length and range. */
export function objectHeaders(info: ObjectInfo, options: RespondOptions): Headers {
  const headers = new Headers(options.headers);
  const essence = essenceOf(info.contentType);
  const stored = info.contentDisposition === undefined ? null : parseDisposition(info.contentDisposition);
  const safe = essence !== null && isInline(essence, options.inline);
  const filename = options.filename ?? stored?.filename ?? info.key.slice(info.key.lastIndexOf("/") + 1);
  const type = safe ? (options.disposition ?? stored?.type ?? "inline") : "attachment";

  headers.set("content-type", essence === null ? "application/octet-stream" : info.contentType);
  headers.set("content-disposition", formatDisposition({ type, filename: filename === "" ? null : filename }));
  headers.set("x-content-type-options", "nosniff");
  if (!safe) headers.set("content-security-policy", "default-src 'none'; sandbox");
  headers.set("accept-ranges", "bytes");
  setText(headers, "content-encoding", info.contentEncoding);
  setText(headers, "content-language", info.contentLanguage);
  setValidators(headers, info, options);
  return headers;
}

/** The headers of a 304: those that a cache updates, and none about the absent content (RFC 9110 §15.4.5). */
export function validatorHeaders(info: ObjectInfo, options: RespondOptions): Headers {
  const headers = new Headers(options.headers);
  setValidators(headers, info, options);
  return headers;
}

function setValidators(headers: Headers, info: ObjectInfo, options: RespondOptions): void {
  if (!headers.has("cache-control"))
    setText(headers, "cache-control", info.cacheControl ?? options.cacheControl ?? "private, no-cache");
  setText(headers, "etag", info.etag);
  setText(headers, "last-modified", info.lastModified?.toUTCString());
}

/** Whether a browser shows this type without running script. */
export function isShowable(type: string | undefined): boolean {
  const essence = type === undefined ? null : essenceOf(type);
  return essence !== null && INLINE.has(essence);
}

function isInline(essence: string, extra: readonly string[] = []): boolean {
  if (INLINE.has(essence)) return true;
  const named = extra.some((type) => type.toLowerCase() === essence);
  // A PDF's script is confined to its viewer, so the caller may decide. That of markup would run in the app's origin.
  return named && (!isActive(essence) || essence === "application/pdf");
}

/** Sets a header, unless the stored value cannot be one: a folder can hold text that HTTP cannot carry. */
function setText(headers: Headers, name: string, value: string | undefined): void {
  if (value !== undefined && /^[\t\x20-\x7e\x80-\xff]+$/.test(value)) headers.set(name, value);
}
