/** The object interface that users hold: types only. */
import type {
  ByteRange,
  CallOptions,
  ObjectHeaders,
  PendingUpload,
  Presigned,
  RequestOptions,
  StoredInfo,
  StoredPart,
  UploadedPart,
} from "./backend.ts";
import type { UploadBody } from "./body.ts";
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import type { FlatListOptions, ListOptions, ObjectEntry, ObjectList } from "./listing.ts";
import type { PresignedUpload, PresignOptions } from "./presigned.ts";

export type * from "./presigned.ts";
export type { UploadBody };

/** How far an upload has come: what `onProgress` is called with. */
export interface UploadProgress {
  /** Bytes that the store has acknowledged so far. */
  readonly loaded: number;
  /** Length of the whole body in bytes; absent when it is not known in advance. */
  readonly total?: number;
}

/** Metadata of one object: what the store knows about it, and its two addresses. */
export interface ObjectInfo extends StoredInfo {
  /** MIME type, never empty; `application/octet-stream` when the store has none. */
  readonly contentType: string;
  /** User metadata, names in lower case. A plain object: use `Object.hasOwn` to look up names such as `constructor`. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * URL for browsers: `publicUrl` joined with the key; without `publicUrl` the URL of the object on S3, which answers
   * 403 unless the bucket is public. Null where there is neither, as in a folder without `publicUrl`.
   */
  readonly url: string | null;
  /** Where the bytes are, not for browsers: `s3://bucket/key`, or the path of the file. */
  readonly location: string;
}

/** Options of `upload`. */
export interface UploadOptions extends CallOptions, ObjectHeaders {
  /** MIME type. Default: that of a Blob, File, Request or Response, else by the key's extension. */
  readonly contentType?: string | undefined;
  /** Replace the object only while it has this ETag (`*`: any), else reject `precondition-failed`. Excludes `ifNoneMatch`. */
  readonly ifMatch?: string | undefined;
  /** Store only if the key is absent, else reject `precondition-failed`. */
  readonly ifNoneMatch?: "*" | undefined;
  /** Length in bytes: a body of another length rejects `invalid-option`, and stores nothing. Default: the body's own. */
  readonly size?: number | undefined;
  /** Extra request headers for S3, such as ACL, encryption or storage class. Other drivers check them and then ignore them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Checksum algorithm, from `unbucket/checksum`. S3 is sent the value and verifies it. A folder stores the value, and
   * a download of the whole object errors `corrupt` if the bytes have changed since. Memory and R2's binding ignore it.
   * False: none. Default: the driver's `checksum`.
   */
  readonly checksum?: ChecksumAlgorithm | false | undefined;
  /** Called each time the store has acknowledged more bytes. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Options of `download`. */
export interface DownloadOptions extends RequestOptions {
  /** Bytes to read, both ends inclusive. Default: the whole object. */
  readonly range?: ByteRange | undefined;
  /** Read only while the object has this ETag, else reject `precondition-failed`. */
  readonly ifMatch?: string | undefined;
  /** Reject `not-modified` while the object still has this ETag, or with `*` any. */
  readonly ifNoneMatch?: string | undefined;
  /**
   * How many ranges of a large object are fetched at the same time, 1 to 16. Default 1. The body is in order all the
   * same. S3 buffers up to that many parts of `partSize` for it; other drivers ignore it.
   */
  readonly parallel?: number | undefined;
}

/**
 * An object and its bytes, which can be read once: from `body`, or by one of the methods. `body` and `headers` are
 * getters, as those of a `Response`: `{ ...object }` does not copy them.
 */
export interface DownloadedObject extends ObjectInfo {
  /** Which bytes of the object `body` holds, both ends inclusive; absent for the whole object. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Length of `body` in bytes; `size` is that of the whole object. */
  readonly contentLength: number;
  /** The stored headers, plus `content-length`, `content-range`, `etag` and `last-modified`. */
  readonly headers: Headers;
  /** The bytes as a stream: read on demand, can be cancelled, errors if it would end too early. */
  readonly body: ReadableStream<Uint8Array>;
  /** Reads the body into memory. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads the body into an ArrayBuffer. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** Reads the body as UTF-8 text. */
  text(): Promise<string>;
  /** Reads and parses the body as JSON. `T` is not checked. */
  json<T = unknown>(): Promise<T>;
  /** Reads the body into a Blob with the content type of the object. */
  blob(): Promise<Blob>;
}

/** Options of `delete` for one key; for several keys only `signal` is allowed. */
export interface DeleteOptions extends RequestOptions {
  /** Delete only while the object has this ETag, else reject `precondition-failed`. An absent key is still success. */
  readonly ifMatch?: string | undefined;
}

/**
 * Options of `copy`. `versionId` selects a version of the source. `headers` are those of the copy request; the other
 * requests of the call are sent what they need of them.
 */
export interface CopyOptions extends RequestOptions {
  /** Copy only while the source has this ETag, else reject `precondition-failed`. */
  readonly ifMatch?: string | undefined;
  /** Copy only if the target is absent, else reject `precondition-failed` with the target as `key`. Default: replace. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** Options of `move`: those of `copy`, except that only the newest version can be moved. */
export type MoveOptions = Omit<CopyOptions, "versionId">;

/**
 * Returns the new body for the current object, which is null when the key is absent. `undefined` leaves the object as
 * it is, or rejects `not-found` if there is none. It is called once per attempt, so side effects may be repeated. The
 * current object can be read until the attempt ends.
 */
export type UpdateFunction = (
  current: DownloadedObject | null,
) => UploadBody | undefined | Promise<UploadBody | undefined>;

/**
 * Options of `update`. Headers and metadata that are not given stay as they are, with two exceptions: the content type
 * is replaced if the new body has a type of its own, and `contentEncoding` stays only if the new body is `current.body`
 * itself.
 */
export interface UpdateOptions extends Omit<UploadOptions, "ifMatch" | "ifNoneMatch"> {
  /** Attempts to read and write before it rejects `conflict`, 1 to 100. Default 10. */
  readonly attempts?: number | undefined;
}

/** Options of `createMultipartUpload`. */
export interface MultipartOptions extends Omit<UploadOptions, "onProgress"> {
  /** Length of the whole object in bytes, if known. `send` then rejects a longer or shorter body. */
  readonly size?: number | undefined;
  /** Bytes of every part but the last, 5 MiB to 5 GiB. Default: the driver's, or more if `size` needs over 10000 parts. */
  readonly partSize?: number | undefined;
}

/** A part that `send` has sent, as kept in {@link UploadState}. */
export interface SentPart extends StoredPart {
  /** First 16 characters of the base64 SHA-256 of the part's bytes. */
  readonly digest: string;
}

/** What is needed to resume a multipart upload, also in another process or runtime: plain data, to be kept as JSON. */
export interface UploadState {
  /** Key of the object being uploaded. */
  readonly key: string;
  /** The store's id of the upload. */
  readonly uploadId: string;
  /** Bytes of every part but the last. */
  readonly partSize: number;
  /** Length of the whole object in bytes, if known. */
  readonly size?: number | undefined;
  /** Mark in the metadata by which the finished object is recognised, where the driver leaves one. */
  readonly writeId?: string | undefined;
  /** The checksum algorithm of the upload; the driver that resumes it must know it. */
  readonly checksum?: string | undefined;
  /** Checked at completion: replace the object only while it has this ETag. */
  readonly ifMatch?: string | undefined;
  /** Checked at completion: store only if the key is absent. */
  readonly ifNoneMatch?: "*" | undefined;
  /** The parts sent so far. */
  readonly parts: readonly SentPart[];
}

/** Options of `send`. */
export interface SendOptions extends CallOptions {
  /** Called each time the store has acknowledged more bytes. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /**
   * True, the default: read the source from its beginning and compare it with the stored parts, so that parts of two
   * different files are never joined. If another process has completed the upload meanwhile, the object is compared
   * instead, and different bytes reject `conflict`. False: start at the first missing byte, and read nothing if the
   * upload is complete.
   */
  readonly verify?: boolean | undefined;
}

/** A multipart upload in progress. The verbs are those of R2's binding; `send` does the whole upload. */
export interface MultipartUpload {
  /** Key of the object being uploaded. */
  readonly key: string;
  /** The store's id of the upload. */
  readonly uploadId: string;
  /** Stores one part. `partNumber` is 1 to 10000. All parts but the last must have the same size, at least 5 MiB. */
  uploadPart(partNumber: number, body: UploadBody, options?: CallOptions): Promise<UploadedPart>;
  /** Lists the stored parts by ascending number. Rejects `not-found` if the upload was completed or aborted. */
  parts(options?: CallOptions): Promise<readonly StoredPart[]>;
  /** Joins the parts into the object, and returns its metadata. */
  complete(parts: readonly UploadedPart[], options?: CallOptions): Promise<ObjectInfo>;
  /** Aborts the upload and deletes its parts. An upload that no longer exists is success. */
  abort(options?: CallOptions): Promise<void>;
  /**
   * Sends the parts that the store does not have yet, and completes the upload. `open` returns the body from byte
   * `start` on. After a failure or an abort the upload can go on: call `send` again, or resume from `state()` in
   * another process.
   */
  send(open: (start: number) => UploadBody | Promise<UploadBody>, options?: SendOptions): Promise<ObjectInfo>;
  /**
   * Bytes done: where `send` with `verify: false` starts, or the size of the completed object. Rejects `not-found` if
   * the upload is over, as far as the store tells; R2's binding does not.
   */
  offset(options?: CallOptions): Promise<number>;
  /** The current state, for `resumeMultipartUpload`. It grows with each part that `send` sends. */
  state(): UploadState;
  /** Presigns all requests of the upload, whose `size` must be known. Null if the driver cannot presign. */
  presign(options?: Pick<PresignOptions, "expiresIn" | "signal">): Promise<PresignedUpload | null>;
}

/** Options of `listUploads`. */
export interface UploadsOptions extends CallOptions {
  /** Only uploads whose key starts with this. Default: all. */
  readonly prefix?: string | undefined;
}

/** Options of `sweepUploads`. */
export interface SweepOptions extends UploadsOptions {
  /** Minimum age in seconds, counted from the start of the upload; 0 means all. Default 604800 (seven days). */
  readonly olderThan?: number | undefined;
}

/** The object verbs: every driver has them, and so have the results of `objects(storage)` and `scoped(prefix)`. */
export interface ObjectStore {
  /** Stores a body of any length in bounded memory. The write is atomic: readers see the old or the new object. */
  upload(key: string, body: UploadBody, options?: UploadOptions): Promise<ObjectInfo>;
  /** Opens an object for reading. Rejects `not-found` if the key is absent. */
  download(key: string, options?: DownloadOptions): Promise<DownloadedObject>;
  /** Deletes one object, or with `versionId` one version of it for good. An absent key is success. */
  delete(key: string, options?: DeleteOptions): Promise<void>;
  /** Deletes many objects. Absent keys are success. Rejects `partial` if some could not be deleted. */
  delete(keys: string | readonly string[], options?: CallOptions): Promise<void>;
  /** Whether the key is present. False only if the store says that it is absent; any failure rejects. */
  exists(key: string, options?: RequestOptions): Promise<boolean>;
  /** Signs a request that someone without credentials can send. Null if the driver cannot presign. Asks no store. */
  presign(key: string, options?: PresignOptions): Promise<Presigned | null>;
  /** Reads metadata; null if the key is absent. */
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | null>;
  /** Lists objects, as entries or page by page; in UTF-8 byte order of the keys unless the store sorts otherwise. */
  list(options?: FlatListOptions): ObjectList<ObjectEntry>;
  /** Lists objects, and with a `delimiter` groups of objects, as entries or page by page. */
  list(options?: ListOptions): ObjectList;
  /** Copies an object within the store and replaces the target. Rejects `not-found` if the source is absent. */
  copy(from: string, to: string, options?: CopyOptions): Promise<ObjectInfo>;
  /** Copies an object, verifies the copy, then deletes the source. Not atomic: readers may see both. */
  move(from: string, to: string, options?: MoveOptions): Promise<ObjectInfo>;
  /** Deletes every key that starts with the prefix, which must not be empty. Resolves with the number of deleted keys. */
  deletePrefix(prefix: string, options?: CallOptions): Promise<number>;
  /** Starts a multipart upload that the caller drives. Rejects `unsupported` if the driver has none. */
  createMultipartUpload(key: string, options?: MultipartOptions): Promise<MultipartUpload>;
  /** Resumes a multipart upload from its `state()`, or from its id alone. Asks no store. */
  resumeMultipartUpload(key: string, upload: string | UploadState): Promise<MultipartUpload>;
  /** Lists multipart uploads that were neither completed nor aborted, as far as the store lists them. */
  listUploads(options?: UploadsOptions): AsyncIterable<PendingUpload>;
  /** Aborts multipart uploads that are older than `olderThan`. Resolves with their number. */
  sweepUploads(options?: SweepOptions): Promise<number>;
  /** Reads an object, writes what `fn` returns unless somebody else has written meanwhile, and tries again if so. */
  update(key: string, fn: UpdateFunction, options?: UpdateOptions): Promise<ObjectInfo>;
  /**
   * The same verbs restricted to a prefix, with keys relative to it. The prefix is put before each key as it is, so
   * that of a folder ends in `/`.
   */
  scoped(prefix: string): ObjectStore;
}
