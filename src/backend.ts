/**
 * The contract between the core and a driver: types only. Read this first to write a driver.
 *
 * The core promises: keys are valid, ranges are well-formed, `limit` is at least 1, bodies are already a {@link Source},
 * content types are resolved. A driver promises: no plain `Error` for what it can name, nothing buffered whole unless
 * `bytes` was given, a stream that it does not read to the end is cancelled, readers see an old or a new object, never part.
 */
import type { MemoryBudget } from "./budget.ts";
import type { ChecksumAlgorithm, ExpectedChecksum } from "./checksum/algorithm.ts";
import type { Place, StorageError } from "./error.ts";
import type { PolicyWriter } from "./sigv4/policy.ts";
import type { BegunUpload, PendingPage, StoredPart, StoredVersion, UploadedPart } from "./uploaded.ts";

export type { ExpectedChecksum } from "./checksum/algorithm.ts";
export type * from "./uploaded.ts";

/** Marks a key that was checked; it exists in types alone. */
declare const brand: unique symbol;

/** A key that `parseKey` has accepted: 1 to 1024 UTF-8 bytes, well-formed, no `.` or `..` segment. */
export type Key = string & { readonly [brand]: "Key" };

/** What an upload reads from. Bytes can be sent again after a failure, a stream cannot. */
export type Source =
  | { readonly bytes: Uint8Array }
  | {
      readonly stream: ReadableStream<Uint8Array>;
      /** Declared length in bytes; the driver rejects a stream that is longer or shorter, with nothing stored. */
      readonly size?: number;
      /** Bytes that the request of the body announced: of fewer the rest was lost on its way, and `readAll` rejects `interrupted`. */
      readonly announced?: number;
    };

/** A range of bytes, both ends inclusive, or the last `suffix` bytes. */
export type ByteRange = { readonly start: number; readonly end?: number | undefined } | { readonly suffix: number };

/** What every verb accepts. */
export interface CallOptions {
  /** Aborts the call, which then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What verbs on one object accept for stores that speak HTTP. */
export interface RequestOptions extends CallOptions {
  /** Extra request headers: a customer key, `x-amz-request-payer`. Without effect on a store that does not speak HTTP. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** One version of the object, as the store names it; `unsupported` where a driver keeps none. Default: the newest. */
  readonly versionId?: string | undefined;
}

/** The headers that are stored with an object and come back with it. */
export interface ObjectHeaders {
  /** A MIME type. */
  readonly contentType?: string | undefined;
  /** What the bytes are packed with, such as `gzip`: stored as given, nothing is packed or unpacked. */
  readonly contentEncoding?: string | undefined;
  /** A language tag, such as `de`. */
  readonly contentLanguage?: string | undefined;
  /** `inline` or `attachment`, with a file name: see `contentDisposition()` in `unbucket/respond`. */
  readonly contentDisposition?: string | undefined;
  /** How long who may keep a copy. */
  readonly cacheControl?: string | undefined;
  /** User metadata: names are lower-cased, and never `unbucket-write`; values any well-formed text without control characters; 2 KB at most in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** What a store knows of one object without its bytes. */
export interface StoredInfo extends ObjectHeaders, StoredVersion {
  /** As the caller writes it. */
  readonly key: string;
  /** Stored length in bytes. */
  readonly size: number;
  /** Absent where the store's answer does not say, as after an S3 PUT. */
  readonly lastModified?: Date;
  /** Entries of metadata that no header can say, such as names beyond ASCII; Infinity where a browser may hide some. Absent: none. */
  readonly missingMetadata?: number;
}

/** An object that is being read. */
export interface StoredObject {
  /** What the store says of it, `size` of the whole object. */
  readonly info: StoredInfo;
  /** The bytes that `body` holds, both ends inclusive; absent when it is the whole object. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Lazy and cancellable; errors when it ends early. */
  readonly body: ReadableStream<Uint8Array>;
  /** Whether `body` gives what the transport has unpacked, and not the bytes that are stored. */
  readonly unpacked?: boolean | undefined;
  /** The next bytes, or null at their end, where that costs less than a stream. Whoever calls it leaves `body` alone, but to cancel it. */
  readonly next?: (() => Promise<Uint8Array | null>) | undefined;
}

/** Conditions and range of one read. */
export interface GetOptions extends RequestOptions {
  /** Default: the whole object. */
  readonly range?: ByteRange;
  /** One ETag. */
  readonly ifMatch?: string;
  /** One ETag, or `*`: any version. */
  readonly ifNoneMatch?: string;
  /** Connections that the body may come over, 1 to 16: a wish, which a driver need not follow. Default 1. */
  readonly parallel?: number;
  /** What errors of the body say of where they happened: see `locate`. The core adds it where it reads the body itself, and to no stream. */
  readonly place?: Place;
}

/** Headers, conditions and hooks of one write. */
export interface PutOptions extends CallOptions, ObjectHeaders {
  /** Only replace the version with this ETag, or with `*` any version. */
  readonly ifMatch?: string;
  /** Only create. */
  readonly ifNoneMatch?: "*";
  /** Extra request headers for a store that speaks HTTP (ACL, encryption, storage class); without effect on others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the bytes are guarded by on their way to the store, and in it. Default: the driver's; false: nothing. */
  readonly checksum?: ChecksumAlgorithm | false | undefined;
  /** Called with the number of further bytes that the store has taken. */
  readonly onBytes?: (count: number) => void;
  /** Whether the write must survive a power cut when it resolves. The key-value verbs ask for `false`. Default true. */
  readonly durable?: boolean;
}

/** How one object is deleted. */
export interface BackendDeleteOptions extends RequestOptions {
  /**
   * The ETag of the one version to delete: with another one there it rejects `precondition-failed`, an absent key is success. The core has
   * looked already, so this is for what is written since; a driver that has no such delete rejects `unsupported`.
   */
  readonly ifMatch?: string | undefined;
}

/** Conditions of a copy; `versionId` is the source's. */
export interface BackendCopyOptions extends RequestOptions {
  /** Only copy this version of the source. */
  readonly ifMatch?: string | undefined;
  /** Only create the target. Where it is refused the error's `key` is the target's. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** One page of a listing. */
export interface ListPageOptions extends CallOptions {
  /** Only keys that start with this, at a `/` or not. Default: all. */
  readonly prefix: string;
  /** Groups what follows the prefix up to the first `/` into `prefixes`. */
  readonly delimiter?: "/";
  /** Where the page before ended. */
  readonly cursor?: string;
  /** On the first page: only keys behind this one, which begins with the prefix. Groups that it lies in are left out by the core. */
  readonly startAfter?: string;
  /** The most objects and prefixes together in this page. */
  readonly limit: number;
  /** The same object for all pages of one iteration: what a driver keeps by it, in a `WeakMap`, goes with the iteration. */
  readonly iteration?: object;
}

/** What a listing says of one object; content type and metadata only where the store lists them. */
export type ListedObject = StoredInfo;

/** Objects and prefixes in UTF-8 byte order, as far as the store sorts so. */
export interface ListPage {
  /** Of this page, metadata as far as the store lists it. */
  readonly objects: readonly ListedObject[];
  /** Each ends with the delimiter. */
  readonly prefixes: readonly string[];
  /** Absent on the last page. A page may be empty and still have one. */
  readonly cursor?: string;
}

/** What a presigned URL is to allow; `versionId` is for GET. */
export interface BackendPresignOptions extends RequestOptions, ObjectHeaders {
  /** POST completes a multipart upload or, with `policy`, sends a form; DELETE aborts an upload. */
  readonly method: Presigned["method"];
  /** Seconds, 1 to 604800. */
  readonly expiresIn: number;
  /** PUT: the exact length in bytes that the client must send. */
  readonly contentLength?: number;
  /** PUT. */
  readonly checksum?: ExpectedChecksum;
  /** PUT and POST: only create. */
  readonly ifNoneMatch?: "*" | undefined;
  /** PUT and POST: only replace this version. */
  readonly ifMatch?: string | undefined;
  /** PUT of one part of a multipart upload. */
  readonly part?: { readonly uploadId: string; readonly partNumber: number };
  /** POST and DELETE: the upload. */
  readonly uploadId?: string;
  /** POST of a form: `url` of the result is the bucket's, `headers` are the form's fields. */
  readonly policy?: PolicyWriter | undefined;
}

/** A request that someone without credentials may send until `expiresAt`. */
export interface Presigned {
  /** Covered by the signature, as all of this. */
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** With the signature in its query, or a form's address. */
  readonly url: string;
  /** Must be sent exactly so; the signature covers them. */
  readonly headers: Readonly<Record<string, string>>;
  /** By the clock of who signed, as far as the store has put it right. */
  readonly expiresAt: Date;
}

/** A key that `deleteMany` could not delete. */
export interface DeleteFailure {
  /** As it was passed. */
  readonly key: string;
  /** Why it could not be deleted. */
  readonly error: StorageError;
}

/** What a part is sent with. */
export interface PartOptions extends CallOptions, Pick<BegunUpload, "checksum"> {}

/** Conditions of a completion. */
export interface CompleteOptions extends CallOptions, Omit<BegunUpload, "uploadId"> {
  /** Only replace the version with this ETag. */
  readonly ifMatch?: string | undefined;
  /** Only create. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** How the body of an upload is cut, and the memory that its parts are held in. */
export interface PartPlan {
  /** Bytes of a part. It grows when a known length would need more than 10000 parts. */
  readonly partSize: number;
  /** Parts of one upload in flight. */
  readonly concurrency: number;
  /** Shared by all uploads of the driver. */
  readonly memory: MemoryBudget;
  /** Which algorithm the driver begins uploads with, in the words that `create` gives. */
  readonly checksum?: string | undefined;
}

/** The steps of a multipart upload, for drivers that have them. */
export interface MultipartBackend {
  /** Begins an upload; its options are those of the finished object. */
  create(key: Key, options: PutOptions): Promise<BegunUpload>;
  /** Bytes, since a part must be sent again whole when its answer is lost. */
  uploadPart(key: Key, id: string, partNumber: number, bytes: Uint8Array, options: PartOptions): Promise<UploadedPart>;
  /** The same of a part that is stored as it streams. Without it the core holds a stream, of `maxPart` bytes at most. */
  streamPart?(key: Key, id: string, partNumber: number, source: Source, options: PartOptions): Promise<UploadedPart>;
  /** Makes the object out of its parts. */
  complete(
    key: Key,
    uploadId: string,
    parts: readonly UploadedPart[],
    options: CompleteOptions,
  ): Promise<StoredVersion>;
  /** An upload that is gone already counts as aborted. */
  abort(key: Key, uploadId: string, call: CallOptions): Promise<void>;
  /** The parts that the store holds, ascending; null when it knows no such upload. Without it a resumed upload trusts its state. */
  parts?(key: Key, uploadId: string, call: CallOptions): Promise<readonly StoredPart[] | null>;
  /** The object if it is the one that this upload made, else null. */
  completed(key: Key, begun: BegunUpload, call: CallOptions): Promise<StoredVersion | null>;
  /** A page of the uploads under way whose key starts with the prefix, as far as the store lists them. Without it they cannot be swept. */
  pending?(prefix: string, call: CallOptions, cursor?: string): Promise<PendingPage>;
  /** How the core cuts bodies for this driver. */
  readonly plan: PartPlan;
  /** The store's time, which `initiated` is told by, in milliseconds since 1970. Default: the machine's. */
  readonly now?: () => number;
  /** The largest part that `uploadPart` may be given, in bytes: what is buffered for a part that comes as a stream. */
  readonly maxPart: number;
}

/** What a key changed to, for `watch`. */
export type WatchEvent = "update" | "remove";

/** What a driver implements: five verbs, where the bytes are, and what else the store can do. */
export interface Backend {
  /** Metadata, or null when the key is absent. */
  head(key: Key, call: RequestOptions): Promise<StoredInfo | null>;
  /** Null when absent; rejects `not-modified`, `precondition-failed`, `invalid-range`. */
  get(key: Key, options: GetOptions): Promise<StoredObject | null>;
  /** Atomic. Rejects `precondition-failed` when a condition does not hold. */
  put(key: Key, source: Source, options: PutOptions): Promise<StoredInfo>;
  /** An absent key is success. */
  delete(key: Key, options: BackendDeleteOptions): Promise<void>;
  /** One page; rejects when the store's answer is not whole. */
  list(options: ListPageOptions): Promise<ListPage>;
  /** Where the bytes are: `s3://bucket/key`, a file's path. Not for a browser. */
  location(key: Key): string;
  /** An address for a browser, whether it may read there or not; or null. */
  url(key: Key): string | null;

  /** Whether `versionId` means something; without it the core rejects it with `unsupported`. */
  readonly versions?: boolean;
  /** Without it the core deletes key by key. Resolves with the keys that failed. */
  deleteMany?(keys: readonly Key[], call: CallOptions): Promise<readonly DeleteFailure[]>;
  /** Without it the core reads and writes. Null when the source is absent. */
  copy?(from: Key, to: Key, options: BackendCopyOptions): Promise<StoredInfo | null>;
  /** Without it `presign` gives null. */
  presign?(key: Key, options: BackendPresignOptions): Promise<Presigned>;
  /** Without it multipart verbs reject `unsupported`. */
  readonly multipart?: MultipartBackend | undefined;
  /** Resolves with the function that stops watching. */
  watch?(listener: (event: WatchEvent, key: string) => void): Promise<() => void | Promise<void>>;
  /** Ends what is open, when the driver is disposed of. */
  close?(): Promise<void>;
}
