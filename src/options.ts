/** Checks of the arguments of verbs and drivers, before any store is asked. Every one throws `invalid-option`. */
import type { ObjectHeaders } from "./backend.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { StorageError } from "./error.ts";
import { CONTROL } from "./unseen.ts";
import { toUtf8 } from "./utf8.ts";

/**
 * The most bytes of user metadata, names and values together.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const MAX_METADATA_BYTES = 2048;

/** The metadata entry by which S3 and R2 drivers recognise the write that made an object. They hide it from callers. */
export const WRITE_MARK = "unbucket-write";

/** Its values: UUIDs, of R2 with hyphens, of S3 without. */
const MARK = /^[\da-f]{8}(-?[\da-f]{4}){3}-?[\da-f]{12}$/;

/**
 * Marks metadata that a client of a gateway has sent. Registered, since the gateway may be of another copy of this
 * package.
 */
const SENT = /* @__PURE__ */ Symbol.for("unbucket.sent");

/** A header name: @see https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** The error for an option; `why` says what is wrong and what to do. */
export function refuse(option: string, why: string): StorageError {
  return new StorageError("invalid-option", `${option} ${why}`);
}

/** The type of an option, or 1 if it is checked elsewhere. */
export type OptionType = "string" | "boolean" | "function" | "object" | 1;

/**
 * Checks names and types of options. Unknown names are refused, since a typing error would have no effect. `null` is
 * refused too and never counts as absent: a condition that a caller has lost would make an unconditional write.
 */
export function knownOptions(options: object, types: Readonly<Record<string, unknown>>): void {
  if (typeof options !== "object" || options === null) throw refuse("options", "must be an object");
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(types, name))
      throw refuse(JSON.stringify(name), `is no option here, only ${Object.keys(types).join(", ")}`);
    if (value === null) throw refuse(name, "must not be null");
    if (name === "signal" && value !== undefined && typeof (value as AbortSignal).throwIfAborted !== "function")
      throw refuse(name, "must be an AbortSignal");
    const type = types[name];
    if (typeof type === "string" && value !== undefined && typeof value !== type)
      throw refuse(name, `must be of type ${type}`);
  }
}

/** Checks the options of a driver. `driver` is allowed: hosts choose the driver by it, and leave it in the options. */
export function driverOptions(options: object, types: Readonly<Record<string, OptionType>>): void {
  knownOptions(options, { ...types, driver: 1 });
}

/** Checks `publicUrl`, and returns it without trailing slashes; undefined if there is none. */
export function publicBase(url: string | undefined): string | undefined {
  if (!url) return undefined;
  if (/^\/(?!\/)[^?#\s]*$|^https?:[^?#\s]+$/i.test(url) && URL.canParse(url, "http://h"))
    return url.replace(/\/+$/, "");
  throw refuse("publicUrl", "must be an http(s) URL or a path such as /files, without a query");
}

/** Parses an http(s) URL without user, query and fragment. */
export function httpUrl(option: string, url: string): URL {
  if (/^\s*https?:\/\/[^?#@\s]+\s*$/i.test(url) && URL.canParse(url)) return new URL(url);
  throw refuse(option, "must be an http(s) URL without user, query or fragment");
}

/**
 * Options for an inner store, whose keys have a longer prefix. An invalid prefix is left as it is, to be refused there.
 */
export function prefixed<T extends { readonly prefix?: string; readonly startAfter?: string }>(
  options: T,
  full: (prefix: string) => string,
): T {
  const { prefix = "", startAfter } = options ?? {};
  if (!options || typeof prefix !== "string") return options;
  const inner = full(prefix);
  const below = typeof startAfter === "string" && startAfter.startsWith(prefix);
  return { ...options, prefix: inner, ...(below && { startAfter: inner + startAfter.slice(prefix.length) }) };
}

/** Checks a whole number and its bounds. */
export function wholeNumber(
  option: string,
  value: number,
  least: number = 0,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw refuse(option, `must be a whole number from ${least} to ${most}, not ${String(value).slice(0, 50)}`);
  }
  return value;
}

/** Checks an option that is an object of whole numbers, each optional and with bounds. */
export function wholeNumbers<Name extends string>(
  option: string,
  values: { readonly [name in Name]?: number | undefined },
  bounds: Readonly<Record<Name, readonly [least: number, most: number]>>,
): void {
  knownOptions(values, bounds);
  for (const [name, [least, most]] of Object.entries<readonly [number, number]>(bounds)) {
    const value = values[name as Name];
    if (value !== undefined) wholeNumber(`${option}.${name}`, value, least, most);
  }
}

/** Checks a checksum algorithm, of `unbucket/checksum` or similar; false means none. */
export function checkAlgorithm<T extends ChecksumAlgorithm | false | undefined>(algorithm: T): T {
  if (algorithm === undefined || algorithm === false) return algorithm;
  if (typeof algorithm.of === "function" && typeof algorithm.create === "function") return algorithm;
  throw refuse("checksum", "must be an algorithm of unbucket/checksum");
}

/** An option that becomes a header. */
export type HeaderOption = Exclude<keyof ObjectHeaders, "metadata">;

/** The headers that are stored with an object, by option. */
export const OBJECT_HEADERS: Readonly<Record<HeaderOption, string>> = {
  contentType: "content-type",
  contentEncoding: "content-encoding",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  cacheControl: "cache-control",
};

/** The options of these headers. */
export const HEADER_OPTIONS = Object.keys(OBJECT_HEADERS) as readonly HeaderOption[];

/**
 * Headers that callers must not set: those with an option of their own, of the signature, and of the connection. As a
 * header they would affect only uploads of one request, or make each request fail.
 */
const RESERVED =
  /^(if-.*|content-.*|cache-control|range|host|authorization|connection|keep-alive|transfer-encoding|expect|upgrade|te|trailer|x-amz-(meta-.*|metadata-directive|checksum-.*|content-sha256|date|security-token|copy-(?!source-server-side).*))$/;

/** Refuses a Map or Headers, whose entries `Object.entries` would not see. */
function checkPlain(option: string, entries: object): void {
  if (typeof entries !== "object" || Symbol.iterator in entries)
    throw refuse(option, "must be a plain object of names and values");
}

/**
 * Checks extra request headers, and returns them with lower-case names, as signing needs them. Errors do not contain
 * the value, which may be a key. Drivers without HTTP check them too, so that what works on a folder is not refused by
 * S3.
 */
export function requestHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  checkPlain("headers", headers);
  const pairs = Object.entries(headers).map(([name, value]) => {
    if (!TOKEN.test(name)) throw refuse(`headers ${JSON.stringify(name)}`, "is no header name");
    const lower = name.toLowerCase();
    if (RESERVED.test(lower))
      throw refuse(`headers ${lower}`, "has an option of its own, or is set by signing or the connection");
    if (typeof value !== "string" || !/^[\x20-\x7E]*$/.test(value))
      throw refuse(`headers ${name}`, "must be printable ASCII");
    return [lower, value.trim()];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Checks headers and metadata of an object, and returns them in canonical form. `type` is the default content type. */
export function objectHeaders(options: ObjectHeaders, type?: string): ObjectHeaders {
  const headers = headersOf(options);
  if (type !== undefined) headers.contentType ??= type;
  for (const name of HEADER_OPTIONS) {
    const value: unknown = headers[name];
    if (value === undefined || (typeof value === "string" && /^[!-~]([ -~]*[!-~])?$/.test(value))) continue;
    throw refuse(name, "must be printable ASCII without outer spaces (contentDisposition() writes file names)");
  }
  if (headers.metadata !== undefined) headers.metadata = userMetadata(headers.metadata);
  return headers;
}

/** Checks user metadata, and returns it with lower-case names in a frozen object without a prototype. */
export function userMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  checkPlain("metadata", metadata);
  const checked = emptyMetadata();
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(lower))
      throw refuse(`metadata name ${JSON.stringify(name)}`, "must be letters, digits and !#$%&'*+-.^_`|~");
    if (typeof value !== "string") throw refuse(`metadata ${lower}`, `must be a string, not ${typeof value}`);
    if (lower === WRITE_MARK && !(SENT in metadata)) {
      // The mark of another object, whose metadata the caller has copied, is dropped.
      if (MARK.test(value)) continue;
      // Anything else would be hidden from the caller.
      throw refuse(`metadata ${lower}`, "is how drivers mark their writes: use another name");
    }
    if (CONTROL.test(value)) throw refuse(`metadata ${lower}`, "must not have control characters or lone surrogates");
    if (value !== value.trim()) throw refuse(`metadata ${lower}`, "must not begin or end with a space");
    if (lower in checked) throw refuse(`metadata ${lower}`, "is given twice in different case");
    bytes += lower.length + toUtf8(value).length;
    checked[lower] = value;
  }
  if (bytes > MAX_METADATA_BYTES) throw refuse("metadata", `takes ${bytes} bytes, at most ${MAX_METADATA_BYTES} fit`);
  // Frozen, since a driver may keep this object and return it to readers.
  return Object.freeze(checked);
}

/** Marks metadata as sent by a client of a gateway, which may be a driver that needs its own write mark stored. */
export function sent<T extends object>(metadata: T): T {
  return Object.defineProperty(metadata, SENT, { value: true });
}

/** Headers and metadata for a copy or a new version, without the mark of the write that made this one. */
export function withoutMark(info: ObjectHeaders): Writable<ObjectHeaders> {
  const headers = headersOf(info);
  const { [WRITE_MARK]: mark, ...rest } = headers.metadata ?? {};
  if (mark !== undefined) headers.metadata = rest;
  return headers;
}

/**
 * An empty object for metadata. It has no prototype, so that `__proto__` is a name like any other; users are shown a
 * copy with one.
 */
export function emptyMetadata(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** Headers and metadata only, from options or info with more properties. */
export function headersOf(options: ObjectHeaders): Writable<ObjectHeaders> {
  const headers: Writable<ObjectHeaders> = {};
  for (const name of HEADER_OPTIONS) {
    // Null, as `Headers.get` returns it, means absent here.
    const value = options[name] ?? undefined;
    if (value !== undefined) headers[name] = value;
  }
  if (options.metadata) headers.metadata = options.metadata;
  return headers;
}

/** The same type with writable properties. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Copies the properties that are not undefined, into `to`: results without undefined properties compare and print well.
 */
export function defined<T extends object>(record: T, to: object = {}): T {
  const kept = to as T;
  for (const name in record) if (record[name] !== undefined) kept[name] = record[name];
  return kept;
}
