import type { ObjectInfo } from "../interface.ts";
import { refuse } from "../options.ts";
import { essenceOf, isActive } from "../media-type.ts";
import { checkDisposition, formatDisposition, parseDisposition } from "./disposition.ts";

/** Options of `respond`. */
export interface RespondOptions {
  /** Name for saving. Default: the stored disposition's, else the last segment of the key. */
  readonly filename?: string | undefined;
  /** Default: the stored disposition, else `inline`. A type that may not be shown is an attachment all the same. */
  readonly disposition?: "inline" | "attachment" | undefined;
  /**
   * For objects stored without one; `headers` can replace that. Default `private, no-cache`: an object can be replaced and may
   * be behind a login, so only the browser keeps it and asks each time, which an unchanged object answers with an empty 304.
   */
  readonly cacheControl?: string | undefined;
  /**
   * Further headers, such as those of CORS. `cache-control` replaces the object's own; what else tells of the object (`etag`,
   * `content-type` ...) is refused.
   */
  readonly headers?: ConstructorParameters<typeof Headers>[0] | undefined;
  /** Further types that may be shown inline, such as `application/pdf` or `text/csv`, without parameters. HTML, SVG and XML never are. */
  readonly inline?: readonly string[] | undefined;
}

/** What browsers show without running anything, https://mimesniff.spec.whatwg.org/#mime-type-groups. */
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

/** What the object and the request tell alone. */
const TOLD = /^(?:content-(?:type|disposition|encoding|language|length|range)|accept-ranges|etag|last-modified)$/;

/** The caller's own headers; rejects `invalid-option` for one that would be replaced. */
export function ownHeaders({ headers }: RespondOptions): Headers {
  const own = headersOf(headers);
  for (const name of own.keys()) if (TOLD.test(name)) throw refuse(`headers ${name}`, "is told by the object");
  return own;
}

function headersOf(headers: RespondOptions["headers"]): Headers {
  try {
    return new Headers(headers);
  } catch {
    // What was thrown may repeat a value.
    throw refuse("headers", "must be names and values that headers can have");
  }
}

/**
 * Rejects `invalid-option` for what an answer would be sent without, or with as it is: another disposition, a name that is no text, a
 * cache-control that is no header value, and what is no type, and so would show none.
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

/** The headers of an answer about this object, without those that tell how much of it is sent. */
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

/** The headers of a 304: what a cache updates, and nothing about content that is not there (RFC 9110 §15.4.5). */
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

/** Whether a browser shows this type without running anything. */
export function isShowable(type: string | undefined): boolean {
  const essence = type === undefined ? null : essenceOf(type);
  return essence !== null && INLINE.has(essence);
}

function isInline(essence: string, extra: readonly string[] = []): boolean {
  if (INLINE.has(essence)) return true;
  const named = extra.some((type) => type.toLowerCase() === essence);
  // A PDF's script is confined by its viewer, so the caller may decide; markup would run in the page's own origin.
  return named && (!isActive(essence) || essence === "application/pdf");
}

/** Leaves a stored value out that is no header value: a folder's metadata may hold what HTTP cannot carry. */
function setText(headers: Headers, name: string, value: string | undefined): void {
  if (value !== undefined && /^[\t\x20-\x7e\x80-\xff]+$/.test(value)) headers.set(name, value);
}
