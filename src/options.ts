/** Checks of what callers pass to the verbs, before anything is asked of a store. */
import type { CallOptions, ObjectHeaders, RequestOptions } from "./backend.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { StorageError } from "./error.ts";
import type {
  CopyOptions,
  DownloadOptions,
  MultipartOptions,
  PresignOptions,
  SendOptions,
  SweepOptions,
  UpdateOptions,
  UploadOptions,
  UploadsOptions,
} from "./interface.ts";
import type { ListOptions } from "./listing.ts";

/**
 * The most bytes that names and values of user metadata take together.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const MAX_METADATA_BYTES = 2048;

const encoder = new TextEncoder();

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Refuses an option with what was wrong and what to do. */
export function refuse(option: string, why: string): StorageError {
  return new StorageError("invalid-option", `${option} ${why}`);
}

/**
 * Refuses an option that is not among `names`, which would be a typing error without effect, and `null`, which is never taken
 * for absent: a condition that was lost on its way would else become a write without one.
 */
export function knownOptions(options: object, names: object): void {
  if (typeof options !== "object" || options === null) throw refuse("options", "must be an object");
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) throw refuse(JSON.stringify(name), "is no option here");
    if (value === null) throw refuse(name, "must not be null");
  }
}

/** What values an option may have: of this type, or 1 where it is checked by itself. */
export type OptionType = "string" | "boolean" | "function" | "object" | 1;

/**
 * Refuses options of a driver that it does not have, or that are of another type; rejects `invalid-option`. `driver` is what
 * hosts leave in, which choose the driver by it.
 */
export function driverOptions(options: object, types: Readonly<Record<string, OptionType>>): void {
  knownOptions(options, { ...types, driver: 1 });
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const type = types[name] ?? 1;
    if (type !== 1 && value !== undefined && typeof value !== type) throw refuse(name, `must be of type ${type}`);
  }
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
  if (/^https?:\/\/[^?#@\s]+$/i.test(url) && URL.canParse(url)) return new URL(url);
  throw refuse(option, "must be an http(s) URL without a query");
}

/** Options with the prefix that a store further in knows; what is no prefix goes on as it is, to be refused there. */
export function prefixed<T extends { readonly prefix?: string; readonly startAfter?: string }>(
  options: T,
  full: (prefix: string) => string,
): T {
  if (!options || options.prefix === null) return options;
  const { prefix = "", startAfter } = options;
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

/** What each verb takes, by the name of its operation. */
interface Verbs {
  readonly upload: UploadOptions;
  readonly setItem: UploadOptions;
  readonly setItemRaw: UploadOptions;
  readonly download: DownloadOptions;
  readonly getItem: DownloadOptions;
  readonly getItemRaw: DownloadOptions;
  readonly delete: RequestOptions;
  readonly removeItem: RequestOptions;
  readonly exists: RequestOptions;
  readonly hasItem: RequestOptions;
  readonly head: RequestOptions;
  readonly getMeta: RequestOptions;
  readonly list: ListOptions;
  readonly getKeys: ListOptions;
  readonly clear: CallOptions;
  readonly watch: CallOptions;
  readonly presign: PresignOptions;
  readonly copy: CopyOptions;
  readonly move: CopyOptions;
  readonly update: UpdateOptions;
  readonly createMultipartUpload: MultipartOptions;
  readonly resumeMultipartUpload: CallOptions;
  readonly uploadPart: CallOptions;
  readonly listParts: CallOptions;
  readonly completeMultipartUpload: CallOptions;
  readonly abortMultipartUpload: CallOptions;
  readonly sendMultipartUpload: SendOptions;
  readonly presignMultipartUpload: Pick<PresignOptions, "expiresIn" | "signal">;
  readonly listUploads: UploadsOptions;
  readonly sweepUploads: SweepOptions;
  readonly deletePrefix: CallOptions;
}

/** A verb as errors, events and its list of options name it. */
export type Verb = keyof Verbs;

const CALL = { signal: 1 };
const REQUEST = { ...CALL, headers: 1, versionId: 1 };
const WRITE = { ...CALL, ...OBJECT_HEADERS, metadata: 1, headers: 1, ifMatch: 1, ifNoneMatch: 1, checksum: 1 };
const UPLOAD = { ...WRITE, size: 1, onProgress: 1 };
const COPY = { ...REQUEST, ifMatch: 1 };
const DOWNLOAD = { ...COPY, ifNoneMatch: 1, range: 1, parallel: 1 };
const LIST = { ...CALL, prefix: 1, delimiter: 1, cursor: 1, startAfter: 1, limit: 1 };

/** The verbs that take more than a signal. An option that is missing here does not compile. */
const VERBS: {
  readonly [V in Verb as keyof Verbs[V] extends keyof CallOptions ? never : V]: Readonly<
    Record<keyof Verbs[V], unknown>
  >;
} = {
  upload: UPLOAD,
  setItem: UPLOAD,
  setItemRaw: UPLOAD,
  download: DOWNLOAD,
  getItem: DOWNLOAD,
  getItemRaw: DOWNLOAD,
  delete: REQUEST,
  removeItem: REQUEST,
  exists: REQUEST,
  hasItem: REQUEST,
  head: REQUEST,
  getMeta: REQUEST,
  list: LIST,
  getKeys: LIST,
  presign: { ...REQUEST, ...WRITE, method: 1, expiresIn: 1, contentLength: 1, part: 1, policy: 1 },
  copy: COPY,
  move: COPY,
  update: { ...UPLOAD, attempts: 1 },
  createMultipartUpload: { ...WRITE, size: 1, partSize: 1 },
  sendMultipartUpload: { ...CALL, onProgress: 1, verify: 1 },
  presignMultipartUpload: { ...CALL, expiresIn: 1 },
  listUploads: { ...CALL, prefix: 1 },
  sweepUploads: { ...CALL, prefix: 1, olderThan: 1 },
};

/**
 * The names of the options that an operation has. Another verb's is refused like a typing error: `ifMatch` of a delete, or
 * `ifNoneMatch` of a copy, would else let happen what it was to prevent.
 */
export function optionsOf(operation: Verb): object {
  return (VERBS as Partial<Record<Verb, object>>)[operation] ?? CALL;
}

/** What has an option of its own, or is the signature's: given as a header it would hold for small objects only. */
const RESERVED =
  /^(if-.*|content-.*|cache-control|range|host|authorization|x-amz-(meta-.*|metadata-directive|checksum-.*|content-sha256|date|security-token|copy-(?!source-server-side).*))$/;

/**
 * Extra request headers with lower-case names, as signing needs them; rejects `invalid-option`, without the value, which may be a
 * key. Drivers that send none take the same ones, so that what was tried on a folder is not refused by S3.
 */
export function requestHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  if (typeof headers !== "object" || Symbol.iterator in headers)
    throw refuse("headers", "must be a plain object of names and values");
  const pairs = Object.entries(headers).map(([name, value]) => {
    if (!TOKEN.test(name)) throw refuse(`headers ${JSON.stringify(name)}`, "is no header name");
    const lower = name.toLowerCase();
    if (RESERVED.test(lower)) throw refuse(`headers ${lower}`, "has an option of its own, or is set by signing");
    if (typeof value !== "string" || !/^[\x20-\x7E]*$/.test(value))
      throw refuse(`headers ${name}`, "must be printable ASCII");
    return [lower, value.trim()];
  });
  return Object.fromEntries(pairs) as Record<string, string>;
}

const HEADERS = Object.keys(OBJECT_HEADERS) as readonly HeaderOption[];

/** The headers that travel with an object, checked and in canonical form; `type` is its type when none is given. */
export function objectHeaders(options: ObjectHeaders, type?: string): ObjectHeaders {
  const headers = headersOf(options);
  if (type !== undefined) headers.contentType ??= type;
  for (const name of HEADERS) {
    const value: unknown = headers[name];
    if (value === undefined || (typeof value === "string" && /^[!-~]([ -~]*[!-~])?$/.test(value))) continue;
    throw refuse(name, "must be printable ASCII without outer spaces (contentDisposition() writes file names)");
  }
  if (headers.metadata) headers.metadata = userMetadata(headers.metadata);
  return headers;
}

/** User metadata with lower-case names in an object without prototype; rejects `invalid-option`. */
export function userMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const checked = emptyMetadata();
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(lower))
      throw refuse(`metadata name ${JSON.stringify(name)}`, "must be letters, digits and !#$%&'*+-.^_`|~");
    if (typeof value !== "string") throw refuse(`metadata ${lower}`, `must be a string, not ${typeof value}`);
    if (/[\p{Cc}\p{Cs}]/u.test(value))
      throw refuse(`metadata ${lower}`, "must not have control characters or lone surrogates");
    if (value !== value.trim()) throw refuse(`metadata ${lower}`, "must not begin or end with a space");
    if (lower in checked) throw refuse(`metadata ${lower}`, "is given twice in different case");
    bytes += lower.length + encoder.encode(value).length;
    checked[lower] = value;
  }
  if (bytes > MAX_METADATA_BYTES) throw refuse("metadata", `takes ${bytes} bytes, at most ${MAX_METADATA_BYTES} fit`);
  // A driver may keep this very object, and readers are given it.
  return Object.freeze(checked);
}

/** Metadata to be filled: without a prototype, so that `__proto__` is a name like any other. */
export function emptyMetadata(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

/** Only what travels with an object, out of options or an info that hold more. */
export function headersOf(options: ObjectHeaders): Writable<ObjectHeaders> {
  const headers: Writable<ObjectHeaders> = {};
  for (const name of HEADERS) {
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
