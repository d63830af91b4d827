/** Checks of what callers pass to the verbs, before anything is asked of a store. */
import type { ObjectHeaders } from "./backend.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { StorageError } from "./error.ts";
import { CONTROL } from "./unseen.ts";
import { toUtf8 } from "./utf8.ts";

/**
 * The most bytes that names and values of user metadata take together.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const MAX_METADATA_BYTES = 2048;

/** The entry by which S3 and R2 drivers know which write made an object, and which they show nobody. */
export const WRITE_MARK = "unbucket-write";

/** What drivers put there: R2's has hyphens, S3's has none. */
const MARK = /^[\da-f]{8}(-?[\da-f]{4}){3}-?[\da-f]{12}$/;

/** On metadata that a client of a gateway has sent, also of another copy of this package. */
const SENT = /* @__PURE__ */ Symbol.for("unbucket.sent");

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Refuses an option with what was wrong and what to do. */
export function refuse(option: string, why: string): StorageError {
  return new StorageError("invalid-option", `${option} ${why}`);
}

/** The type that an option must have, or 1 where whoever reads it checks it. */
export type OptionType = "string" | "boolean" | "function" | "object" | 1;

/**
 * Refuses an option that is not among the names of `types`, which would be a typing error without effect, or is of another type; and `null`,
 * which is never taken for absent: a condition that was lost on its way would else become a write without one.
 */
export function knownOptions(options: object, types: object): void {
  if (typeof options !== "object" || options === null) throw refuse("options", "must be an object");
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(types, name)) throw refuse(JSON.stringify(name), "is no option here");
    if (value === null) throw refuse(name, "must not be null");
    const type = (types as Readonly<Record<string, unknown>>)[name];
    if (typeof type === "string" && value !== undefined && typeof value !== type)
      throw refuse(name, `must be of type ${type}`);
  }
}

/** The same of a driver's options. `driver` is let through: hosts choose the driver by it, and leave it in. */
export function driverOptions(options: object, types: Readonly<Record<string, OptionType>>): void {
  knownOptions(options, { ...types, driver: 1 });
}

/** The base of addresses for browsers without its last slash, or undefined for none; rejects `invalid-option`. */
export function publicBase(url: string | undefined): string | undefined {
  if (!url) return undefined;
  if (/^\/(?!\/)[^?#\s]*$|^https?:[^?#\s]+$/i.test(url) && URL.canParse(url, "http://h"))
    return url.replace(/\/+$/, "");
  throw refuse("publicUrl", "must be an http(s) URL or a path such as /files, without a query");
}

/** An address of HTTP without user, query and fragment; rejects `invalid-option`. */
export function httpUrl(option: string, url: string): URL {
  if (/^\s*https?:\/\/[^?#@\s]+\s*$/i.test(url) && URL.canParse(url)) return new URL(url);
  throw refuse(option, "must be an http(s) URL without user, query or fragment");
}

/** Options with the prefix that a store further in knows; what is no prefix goes on as it is, to be refused there. */
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

/** A whole number within bounds, by default one of bytes; rejects `invalid-option`. */
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

/** An option of several whole numbers, each within its bounds where it is given; rejects `invalid-option`. */
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

/** An algorithm of `unbucket/checksum`, one like it, or false for none; rejects `invalid-option`. */
export function checkAlgorithm<T extends ChecksumAlgorithm | false | undefined>(algorithm: T): T {
  if (algorithm === undefined || algorithm === false) return algorithm;
  if (typeof algorithm.of === "function" && typeof algorithm.create === "function") return algorithm;
  throw refuse("checksum", "must be an algorithm of unbucket/checksum");
}

/** An option that becomes a header of its own. */
export type HeaderOption = Exclude<keyof ObjectHeaders, "metadata">;

/** The headers that travel with an object, by the name of their option. */
export const OBJECT_HEADERS: Readonly<Record<HeaderOption, string>> = {
  contentType: "content-type",
  contentEncoding: "content-encoding",
  contentLanguage: "content-language",
  contentDisposition: "content-disposition",
  cacheControl: "cache-control",
};

/** Their options, in the order in which they are told. */
export const HEADER_OPTIONS = Object.keys(OBJECT_HEADERS) as readonly HeaderOption[];

/** What has an option of its own, is the signature's, or the connection's: given as a header it would hold for small objects only, or fail each request. */
const RESERVED =
  /^(if-.*|content-.*|cache-control|range|host|authorization|connection|keep-alive|transfer-encoding|expect|upgrade|te|trailer|x-amz-(meta-.*|metadata-directive|checksum-.*|content-sha256|date|security-token|copy-(?!source-server-side).*))$/;

/** Of a Map or Headers no entry would be seen. */
function checkPlain(option: string, entries: object): void {
  if (typeof entries !== "object" || Symbol.iterator in entries)
    throw refuse(option, "must be a plain object of names and values");
}

/**
 * Extra request headers with lower-case names, as signing needs them; rejects `invalid-option`, without the value, which may be a
 * key. Drivers that send none take the same ones, so that what was tried on a folder is not refused by S3.
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

/** The headers that travel with an object, checked and in canonical form; `type` is its type when none is given. */
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

/** User metadata with lower-case names in an object without prototype; rejects `invalid-option`. */
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
      // Of another object, whose metadata was spread into this one's.
      if (MARK.test(value)) continue;
      // A caller would not get it back.
      throw refuse(`metadata ${lower}`, "is how drivers mark their writes: use another name");
    }
    if (CONTROL.test(value)) throw refuse(`metadata ${lower}`, "must not have control characters or lone surrogates");
    if (value !== value.trim()) throw refuse(`metadata ${lower}`, "must not begin or end with a space");
    if (lower in checked) throw refuse(`metadata ${lower}`, "is given twice in different case");
    bytes += lower.length + toUtf8(value).length;
    checked[lower] = value;
  }
  if (bytes > MAX_METADATA_BYTES) throw refuse("metadata", `takes ${bytes} bytes, at most ${MAX_METADATA_BYTES} fit`);
  // A driver may keep this very object, and readers are given it.
  return Object.freeze(checked);
}

/** Metadata that a client of a gateway has sent: it may be a driver itself, which looks for the mark of its write. */
export function sent<T extends object>(metadata: T): T {
  return Object.defineProperty(metadata, SENT, { value: true });
}

/** What travels with an object into another one, or into its next version, which have marks of their own writes. */
export function withoutMark(info: ObjectHeaders): Writable<ObjectHeaders> {
  const headers = headersOf(info);
  const { [WRITE_MARK]: mark, ...rest } = headers.metadata ?? {};
  if (mark !== undefined) headers.metadata = rest;
  return headers;
}

/** Metadata to be filled, which is shown as a copy with one: without a prototype, so that `__proto__` is a name like any other. */
export function emptyMetadata(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** Only what travels with an object, out of options or an info that hold more. */
export function headersOf(options: ObjectHeaders): Writable<ObjectHeaders> {
  const headers: Writable<ObjectHeaders> = {};
  for (const name of HEADER_OPTIONS) {
    // Null, as of a request's header that is not there, is as good as absent.
    const value = options[name] ?? undefined;
    if (value !== undefined) headers[name] = value;
  }
  if (options.metadata) headers.metadata = options.metadata;
  return headers;
}

/** What can be filled in before it is handed on. */
export type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The entries that have a value, added to what is given: what is not known is absent, not undefined, so that results compare and print well. */
export function defined<T extends object>(record: T, to: object = {}): T {
  const kept = to as T;
  for (const name in record) if (record[name] !== undefined) kept[name] = record[name];
  return kept;
}
