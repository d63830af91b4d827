/**
 * The contract between the core and a driver: types only. Read this first to write a driver.
 *
 * The core guarantees valid keys, well-formed ranges, a `limit` of at least 1, resolved content types, and bodies that
 * are a {@link Source} already. A driver guarantees that failures with a code are `StorageError`s, that only bodies
 * which came as `bytes` are held as a whole, that a stream which is not read to its end is cancelled, and that writes
 * are atomic: readers see the old or the new object, never a part.
 */
import type { MemoryBudget } from "./budget.ts";
import type { ChecksumAlgorithm, ExpectedChecksum } from "./checksum/algorithm.ts";
import type { Place, StorageError } from "./error.ts";
import type { PolicyWriter } from "./sigv4/policy.ts";
import type { BegunUpload, PendingPage, StoredPart, StoredVersion, UploadedPart } from "./uploaded.ts";

export type { ExpectedChecksum } from "./checksum/algorithm.ts";
export type * from "./uploaded.ts";

/** Marks a checked key. It exists only in types. */
declare const brand: unique symbol;

/** A key that `parseKey` has accepted: 1 to 1024 UTF-8 bytes, well-formed, no `.` or `..` segment. */
export type Key = string & { readonly [brand]: "Key" };

/** The body of a write. Bytes can be sent again after a failure, a stream cannot. */
export type Source =
  | { readonly bytes: Uint8Array }
  | {
      readonly stream: ReadableStream<Uint8Array>;
      /** Declared length in bytes. The driver rejects a longer or shorter stream, and stores nothing. */
      readonly size?: number;
      /** `Content-Length` of the request with the body. A shorter stream was cut: `readAll` rejects `interrupted`. */
      readonly announced?: number;
    };

/** A range of bytes: from `start` to `end`, both inclusive (default: to the last byte), or the last `suffix` bytes. */
export type ByteRange = { readonly start: number; readonly end?: number | undefined } | { readonly suffix: number };

/** Options that every verb accepts. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that verbs on one object accept. */
export interface RequestOptions extends CallOptions {
  /** Extra request headers for S3, such as a customer key or `x-amz-request-payer`. Other drivers ignore them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The store's id of one version of the object. Rejects `unsupported` if the driver has no versions. Default: the newest. */
  readonly versionId?: string | undefined;
}

/** The headers and user metadata that are stored with an object and come back with it. */
export interface ObjectHeaders {
  /** MIME type, such as `image/png`. */
  readonly contentType?: string | undefined;
  /** Encoding of the bytes, such as `gzip`. It is only stored: nothing is compressed or decompressed. */
  readonly contentEncoding?: string | undefined;
  /** Language tag, such as `de`. */
  readonly contentLanguage?: string | undefined;
  /** `inline` or `attachment`, with a file name. `contentDisposition()` of `unbucket/respond` writes one. */
  readonly contentDisposition?: string | undefined;
  /** Who may cache the object, and for how long, such as `public, max-age=3600`. */
  readonly cacheControl?: string | undefined;
  /** User metadata, at most 2048 UTF-8 bytes. Names are valid header names other than `unbucket-write`, lower-cased; values have no control characters. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What a store knows about one object, without its bytes. */
export interface StoredInfo extends ObjectHeaders, StoredVersion {
  /** The key as the caller writes it, without the driver's `base`. */
  readonly key: string;
  /** Length of the stored bytes. */
  readonly size: number;
  /** When the object was written. Absent if the store's answer does not say, as after a PUT on S3. */
  readonly lastModified?: Date;
  /** Number of metadata entries that HTTP cannot carry, such as non-ASCII names; Infinity if a browser may hide some. Absent: 0. */
  readonly missingMetadata?: number;
}

/** An object opened for reading. */
export interface StoredObject {
  /** Its metadata; `size` is that of the whole object. */
  readonly info: StoredInfo;
  /** Which bytes of the object `body` holds, both ends inclusive; absent for the whole object. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The bytes: read on demand, can be cancelled, errors if it would end too early. */
  readonly body: ReadableStream<Uint8Array>;
  /** Whether the transport has decompressed `body`, so that it differs from the stored bytes. Default false. */
  readonly unpacked?: boolean | undefined;
  /** Reads the next bytes, null at the end: a cheaper alternative to `body`, which is then only used to cancel. */
  readonly next?: (() => Promise<Uint8Array | null>) | undefined;
}

/** Range and conditions of one read. */
export interface GetOptions extends RequestOptions {
  /** Bytes to read. Default: the whole object. */
  readonly range?: ByteRange;
  /** Reject `precondition-failed` unless the object has this ETag. */
  readonly ifMatch?: string;
  /** Reject `not-modified` if the object has this ETag, or with `*` any. */
  readonly ifNoneMatch?: string;
  /** How many ranges may be fetched at the same time, 1 to 16. A driver may ignore it. Default 1. */
  readonly parallel?: number;
  /** The place that `locate` must add to errors of `body`, since the core does so only for bodies that it reads itself. */
  readonly place?: Place;
}

/** Headers, conditions and hooks of one write. */
export interface PutOptions extends CallOptions, ObjectHeaders {
  /** Replace the object only while it has this ETag, or with `*` any. */
  readonly ifMatch?: string;
  /** Store only if the key is absent. */
  readonly ifNoneMatch?: "*";
  /** Extra request headers for S3 (ACL, encryption, storage class), checked already. Other drivers ignore them. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Checksum algorithm for the transfer and the stored bytes. False: none. Default: the driver's. */
  readonly checksum?: ChecksumAlgorithm | false | undefined;
  /** To be called with the number of further bytes that the store has acknowledged. */
  readonly onBytes?: (count: number) => void;
  /** Whether a resolved write must survive a power cut. The key-value verbs pass false. Default true. */
  readonly durable?: boolean;
}

/** How one object is deleted. */
export interface BackendDeleteOptions extends RequestOptions {
  /** Delete only while the object has this ETag, which the core has just compared. Rejects `unsupported` if the driver cannot. */
  readonly ifMatch?: string | undefined;
}

/** Conditions of a copy. `versionId` selects a version of the source. */
export interface BackendCopyOptions extends RequestOptions {
  /** Copy only while the source has this ETag. */
  readonly ifMatch?: string | undefined;
  /** Copy only if the target is absent, else reject `precondition-failed` with the target as the error's `key`. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** Which page of a listing is asked for. */
export interface ListPageOptions extends CallOptions {
  /** Only keys that start with this text, which need not end at a `/`. Empty: all. */
  readonly prefix: string;
  /** Group keys that have a `/` behind the prefix into `prefixes`, up to that `/`. */
  readonly delimiter?: "/";
  /** `cursor` of the page before. */
  readonly cursor?: string;
  /** First page only: list only keys after this one, which starts with the prefix. The core leaves out the group that it is in. */
  readonly startAfter?: string;
  /** Maximum number of objects and prefixes together in this page. */
  readonly limit: number;
  /** The same object for all pages of one iteration. As the key of a `WeakMap` it lets a driver keep state for the iteration. */
  readonly iteration?: object;
}

/** One object of a listing. Content type and metadata only if the store lists them. */
export type ListedObject = StoredInfo;

/** One page of a listing, in UTF-8 byte order unless the store sorts otherwise. */
export interface ListPage {
  /** The objects of this page. */
  readonly objects: readonly ListedObject[];
  /** The groups of this page; each ends with the delimiter. */
  readonly prefixes: readonly string[];
  /** Where the next page begins; absent on the last page. An empty page may have one. */
  readonly cursor?: string;
}

/** What a presigned request allows. `versionId` is for GET. */
export interface BackendPresignOptions extends RequestOptions, ObjectHeaders {
  /** GET reads, PUT writes, POST completes a multipart upload or, with `policy`, sends a form, DELETE aborts an upload. */
  readonly method: Presigned["method"];
  /** Lifetime in seconds, 1 to 604800. */
  readonly expiresIn: number;
  /** PUT: exact length of the body in bytes. */
  readonly contentLength?: number;
  /** PUT: checksum that the body must have. */
  readonly checksum?: ExpectedChecksum;
  /** PUT and POST: store only if the key is absent. */
  readonly ifNoneMatch?: "*" | undefined;
  /** PUT and POST: replace the object only while it has this ETag. */
  readonly ifMatch?: string | undefined;
  /** PUT: the part of a multipart upload that is sent. */
  readonly part?: { readonly uploadId: string; readonly partNumber: number };
  /** POST and DELETE: the upload that is completed or aborted. */
  readonly uploadId?: string;
  /** POST of a form: `url` of the result is that of the bucket, `headers` are the fields of the form. */
  readonly policy?: PolicyWriter | undefined;
}

/** A signed request that someone without credentials can send until `expiresAt`. */
export interface Presigned {
  /** The method to send it with; the signature covers it. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** The URL, with the signature in its query; for a form the URL to post it to. */
  readonly url: string;
  /** Headers that must be sent exactly as they are; the signature covers them. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it stops working, by the signer's clock, corrected if the store has shown that it is wrong. */
  readonly expiresAt: Date;
}

/** A key that `deleteMany` could not delete. */
export interface DeleteFailure {
  /** The key as it was passed. */
  readonly key: string;
  /** Why it could not be deleted. */
  readonly error: StorageError;
}

/** Options of one part. */
export interface PartOptions extends CallOptions, Pick<BegunUpload, "checksum"> {}

/** What a completion is given: its conditions, and what `create` has returned besides the id. */
export interface CompleteOptions extends CallOptions, Omit<BegunUpload, "uploadId"> {
  /** Replace the object only while it has this ETag. */
  readonly ifMatch?: string | undefined;
  /** Store only if the key is absent. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** How the core cuts bodies into parts, and the memory that it may use for them. */
export interface PartPlan {
  /** Bytes per part. The core uses more if a known length would need over 10000 parts. */
  readonly partSize: number;
  /** Parts of one upload that are sent at the same time. */
  readonly concurrency: number;
  /** Memory for parts, shared by all uploads of the driver. */
  readonly memory: MemoryBudget;
  /** The checksum algorithm of new uploads, as `create` returns it. */
  readonly checksum?: string | undefined;
}

/** The steps of multipart uploads. */
export interface MultipartBackend {
  /** Starts an upload. The options are those of the finished object. */
  create(key: Key, options: PutOptions): Promise<BegunUpload>;
  /** Stores one part. It is given bytes, since a part whose answer is lost must be sent again. */
  uploadPart(key: Key, id: string, partNumber: number, bytes: Uint8Array, options: PartOptions): Promise<UploadedPart>;
  /** Stores one part as it streams. Without it the core buffers a streamed part, up to `maxPart` bytes. */
  streamPart?(key: Key, id: string, partNumber: number, source: Source, options: PartOptions): Promise<UploadedPart>;
  /** Joins the parts into the object. */
  complete(
    key: Key,
    uploadId: string,
    parts: readonly UploadedPart[],
    options: CompleteOptions,
  ): Promise<StoredVersion>;
  /** Aborts the upload. One that no longer exists is success. */
  abort(key: Key, uploadId: string, call: CallOptions): Promise<void>;
  /** Lists the stored parts by ascending number; null for an unknown upload. Without it a resumed upload trusts its state. */
  parts?(key: Key, uploadId: string, call: CallOptions): Promise<readonly StoredPart[] | null>;
  /** The version of the object if this upload made it, else null. */
  completed(key: Key, begun: BegunUpload, call: CallOptions): Promise<StoredVersion | null>;
  /** One page of the unfinished uploads whose key starts with the prefix. Without it uploads cannot be listed or swept. */
  pending?(prefix: string, call: CallOptions, cursor?: string): Promise<PendingPage>;
  /** How the core cuts bodies for this driver. */
  readonly plan: PartPlan;
  /** The store's clock, by which `initiated` is given, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Most bytes that the core holds of one part: of one that comes as a stream, and of each that a resumed upload sends. */
  readonly maxPart: number;
}

/** What `watch` reports: the key was written, or removed. */
export type WatchEvent = "update" | "remove";

/** What a driver implements: five verbs and two addresses, and optionally what else its store can do. */
export interface Backend {
  /** Reads metadata; null if the key is absent. */
  head(key: Key, call: RequestOptions): Promise<StoredInfo | null>;
  /** Opens an object; null if the key is absent. Rejects `not-modified`, `precondition-failed`, `invalid-range`. */
  get(key: Key, options: GetOptions): Promise<StoredObject | null>;
  /** Stores an object atomically. Rejects `precondition-failed` if a condition does not hold. */
  put(key: Key, source: Source, options: PutOptions): Promise<StoredInfo>;
  /** Deletes an object. An absent key is success. */
  delete(key: Key, options: BackendDeleteOptions): Promise<void>;
  /** Lists one page. Rejects if the store's answer is incomplete. */
  list(options: ListPageOptions): Promise<ListPage>;
  /** Where the bytes are, not for browsers: `s3://bucket/key`, or the path of a file. */
  location(key: Key): string;
  /** URL for browsers, whether or not they may read it; null if there is none. */
  url(key: Key): string | null;

  /** Whether the driver knows `versionId`. Otherwise the core rejects it as `unsupported`. Default false. */
  readonly versions?: boolean;
  /** Deletes many keys, and resolves with those that failed. Without it the core deletes them one by one. */
  deleteMany?(keys: readonly Key[], call: CallOptions): Promise<readonly DeleteFailure[]>;
  /** Copies within the store; null if the source is absent. Without it the core reads and writes the bytes. */
  copy?(from: Key, to: Key, options: BackendCopyOptions): Promise<StoredInfo | null>;
  /** Signs a request. Without it the verb `presign` returns null. */
  presign?(key: Key, options: BackendPresignOptions): Promise<Presigned>;
  /** Multipart uploads. Without them the multipart verbs reject `unsupported`. */
  readonly multipart?: MultipartBackend | undefined;
  /** Reports changes to the listener. Resolves with a function that stops it. */
  watch?(listener: (event: WatchEvent, key: string) => void): Promise<() => void | Promise<void>>;
  /** Closes what is open. Called when the driver is disposed of. */
  close?(): Promise<void>;
}
