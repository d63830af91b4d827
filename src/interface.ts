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

/** How far an upload is. */
export interface UploadProgress {
  /** Bytes that the store has taken. */
  readonly loaded: number;
  /** All bytes, when the length is known beforehand. */
  readonly total?: number;
}

/** What is known of an object, with its two addresses. */
export interface ObjectInfo extends StoredInfo {
  /** A MIME type, never empty. */
  readonly contentType: string;
  /** A plain object: ask by `Object.hasOwn` where a name such as `constructor` may be meant. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * An address for a browser: `publicUrl` and the key, else the S3 object's own, which answers 403 unless the bucket lets
   * everybody read; null where there is none, as in a folder.
   */
  readonly url: string | null;
  /** Where the bytes are: `s3://bucket/key`, or the file's path. */
  readonly location: string;
}

/** Options of `upload`. */
export interface UploadOptions extends CallOptions, ObjectHeaders {
  /** Default: the own type of a Blob, File, Request or Response, else by the key's extension, else `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** Only replace the version with this ETag, else `precondition-failed`. Not beside `ifNoneMatch`. */
  readonly ifMatch?: string | undefined;
  /** Only create, else `precondition-failed`. */
  readonly ifNoneMatch?: "*" | undefined;
  /** Exact length in bytes; a body that is longer or shorter is refused with nothing stored. */
  readonly size?: number | undefined;
  /** Extra request headers for stores that speak HTTP: ACL, encryption, storage class. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * A checksum of `unbucket/checksum`. Stores that speak HTTP are sent it and check it; a folder keeps it, and a download of the
   * whole object errors `corrupt` when its bytes are others by then; memory has nothing to guard. Default: the driver's
   * `checksum`; false: none.
   */
  readonly checksum?: ChecksumAlgorithm | false | undefined;
  /** Called whenever the store has taken more. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Options of `download`. */
export interface DownloadOptions extends RequestOptions {
  /** Both ends inclusive. Default: the whole object. */
  readonly range?: ByteRange | undefined;
  /** Else `precondition-failed`. */
  readonly ifMatch?: string | undefined;
  /** Else `not-modified`. */
  readonly ifNoneMatch?: string | undefined;
  /**
   * Ranges of a large object that are fetched at a time and given in order, 1 to 16. Default 1. A wish about how, not what: S3
   * holds up to that many parts of `partSize` in memory for it, other drivers read as always.
   */
  readonly parallel?: number | undefined;
}

/** An object with its bytes, which can be read once: by `body` or by a reader. Like a `Response`'s, `body` and `headers` are not spread. */
export interface DownloadedObject extends ObjectInfo {
  /** The bytes of this answer, both ends inclusive; absent when it is the whole object. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Bytes that `body` will give. */
  readonly contentLength: number;
  /** The stored headers, with `content-length`, `content-range`, `etag` and `last-modified`. */
  readonly headers: Headers;
  /** Lazy and cancellable; errors when it ends early. */
  readonly body: ReadableStream<Uint8Array>;
  /** All bytes of this answer in memory, as those below. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The bytes as a buffer. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** The bytes as UTF-8. */
  text(): Promise<string>;
  /** Parsed, not checked: `T` is the caller's word. */
  json<T = unknown>(): Promise<T>;
  /** With the content type of the object. */
  blob(): Promise<Blob>;
}

/** Options of `delete` of one key; of several it takes a signal alone. */
export interface DeleteOptions extends RequestOptions {
  /** Only delete this version, else `precondition-failed`; an absent key is success all the same. */
  readonly ifMatch?: string | undefined;
}

/** Options of `copy`: the source's `versionId`, the copy's own `headers`, of which other requests get what they need. */
export interface CopyOptions extends RequestOptions {
  /** Only copy this version of the source, else `precondition-failed`. */
  readonly ifMatch?: string | undefined;
  /** Only create the target, else `precondition-failed` with the target as the error's `key`. Default: it is replaced. */
  readonly ifNoneMatch?: "*" | undefined;
}

/** Options of `move`, which moves the newest version. */
export type MoveOptions = Omit<CopyOptions, "versionId">;

/**
 * Makes the new body out of the current object, or out of null when there is none. It runs once per attempt, so what it does besides
 * must bear repetition, and what it leaves unread of the object is let go at the attempt's end. `undefined` leaves the object as it is;
 * without an object that rejects `not-found`.
 */
export type UpdateFunction = (
  current: DownloadedObject | null,
) => UploadBody | undefined | Promise<UploadBody | undefined>;

/**
 * Options of `update`. Headers and metadata that are absent stay as they are: the content type unless the body has a type of its own,
 * `contentEncoding` alone with `current.body` itself.
 */
export interface UpdateOptions extends Omit<UploadOptions, "ifMatch" | "ifNoneMatch"> {
  /** How often at most it reads and writes before it rejects `conflict`, 1 to 100. Default 10. */
  readonly attempts?: number | undefined;
}

/** Options of `createMultipartUpload`. */
export interface MultipartOptions extends Omit<UploadOptions, "onProgress"> {
  /** Length in bytes of the whole object, where it is known: `send` refuses a body that is longer or shorter. */
  readonly size?: number | undefined;
  /** Bytes of every part but the last, 5 MiB to 5 GiB. Default: the driver's, more when `size` needs it. */
  readonly partSize?: number | undefined;
}

/** A part that `send` has sent, as another process must know it. */
export interface SentPart extends StoredPart {
  /** Of its bytes: the first 16 characters of their SHA-256 in base64. */
  readonly digest: string;
}

/** What another process, also on another runtime, needs to go on with an upload: plain data, to be kept as JSON. */
export interface UploadState {
  /** Of the object to be. */
  readonly key: string;
  /** As the store names it. */
  readonly uploadId: string;
  /** In bytes, of every part but the last. */
  readonly partSize: number;
  /** In bytes, of the whole object, where it is known. */
  readonly size?: number | undefined;
  /** What the finished object can be recognised by, where the driver left a mark. */
  readonly writeId?: string | undefined;
  /** The checksum with which it was begun, which the driver that goes on must have. */
  readonly checksum?: string | undefined;
  /** Only replace the version with this ETag, at completion. */
  readonly ifMatch?: string | undefined;
  /** Only create, at completion. */
  readonly ifNoneMatch?: "*" | undefined;
  /** Those that were sent. */
  readonly parts: readonly SentPart[];
}

/** Options of `send`. */
export interface SendOptions extends CallOptions {
  /** Called whenever the store has taken more. */
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  /**
   * Read the source from its beginning and compare it with the parts that are stored, so that parts of two different files
   * are never joined. Of an upload that another process has completed, the object is compared: `conflict` where it has other
   * bytes. Default true; false opens it at the first byte that is missing, and not at all when the upload is complete.
   */
  readonly verify?: boolean | undefined;
}

/** A multipart upload that is under way, in the shape that R2's binding has, and with `send`, which does it all. */
export interface MultipartUpload {
  /** Of the object to be. */
  readonly key: string;
  /** As the store names it. */
  readonly uploadId: string;
  /** Part numbers are 1 to 10000; every part but the last has the same size, at least 5 MiB. */
  uploadPart(partNumber: number, body: UploadBody, options?: CallOptions): Promise<UploadedPart>;
  /** The parts that the store holds, ascending; rejects `not-found` when the upload is over. */
  parts(options?: CallOptions): Promise<readonly StoredPart[]>;
  /** Makes the object out of its parts. */
  complete(parts: readonly UploadedPart[], options?: CallOptions): Promise<ObjectInfo>;
  /** Gives the upload up with its parts; one that is gone counts as aborted. */
  abort(options?: CallOptions): Promise<void>;
  /**
   * Sends what the store does not hold yet, and completes. `open` gives the body from byte `start` on. A failure or an abort
   * leaves the upload as it is: `send` again, or resume it from its `state()` in another process.
   */
  send(open: (start: number) => UploadBody | Promise<UploadBody>, options?: SendOptions): Promise<ObjectInfo>;
  /** How far it is: the first byte that `send` without `verify` opens, or the size of what is complete; `not-found` when it is over, as far as the store tells. */
  offset(options?: CallOptions): Promise<number>;
  /** What `resumeMultipartUpload` takes. It grows with every part that `send` has sent. */
  state(): UploadState;
  /** All requests of an upload whose `size` is known; null where the driver cannot presign. */
  presign(options?: Pick<PresignOptions, "expiresIn" | "signal">): Promise<PresignedUpload | null>;
}

/** Options of `listUploads`. */
export interface UploadsOptions extends CallOptions {
  /** Only uploads of keys that start with this. Default: all. */
  readonly prefix?: string | undefined;
}

/** Options of `sweepUploads`. */
export interface SweepOptions extends UploadsOptions {
  /** Seconds since an upload was begun. Default 604800: seven days. */
  readonly olderThan?: number | undefined;
}

/** Objects by raw key: the interface that every driver has, and that `objects(storage)` and `scoped(prefix)` give. */
export interface ObjectStore {
  /** Stores a body of known or unknown length in bounded memory; readers see the old or the new object. */
  upload(key: string, body: UploadBody, options?: UploadOptions): Promise<ObjectInfo>;
  /** Opens an object; rejects `not-found` when it is absent. */
  download(key: string, options?: DownloadOptions): Promise<DownloadedObject>;
  /** Deletes a key or many; an absent key is success. Some failed: rejects `partial`. Of one key, `versionId` deletes a version, `ifMatch` the newest if it is that. */
  delete(key: string, options?: DeleteOptions): Promise<void>;
  delete(keys: string | readonly string[], options?: CallOptions): Promise<void>;
  /** False only when the store says that the key is absent; everything else rejects. */
  exists(key: string, options?: RequestOptions): Promise<boolean>;
  /** A request for someone without credentials, or null where the driver cannot. Asks nobody. */
  presign(key: string, options?: PresignOptions): Promise<Presigned | null>;
  /** Metadata, or null when the key is absent. */
  head(key: string, options?: RequestOptions): Promise<ObjectInfo | null>;
  /** Entries or pages, in UTF-8 byte order as far as the store sorts so. */
  list(options?: FlatListOptions): ObjectList<ObjectEntry>;
  list(options?: ListOptions): ObjectList;
  /** Copies inside the store, over what is at `to`; rejects `not-found`. */
  copy(from: string, to: string, options?: CopyOptions): Promise<ObjectInfo>;
  /** Copies, verifies, then deletes the source. Not atomic: a reader may see both. */
  move(from: string, to: string, options?: MoveOptions): Promise<ObjectInfo>;
  /** Deletes every key that starts with the prefix, which must not be empty; resolves with their number. */
  deletePrefix(prefix: string, options?: CallOptions): Promise<number>;
  /** Begins an upload by hand; `unsupported` where a driver has none. */
  createMultipartUpload(key: string, options?: MultipartOptions): Promise<MultipartUpload>;
  /** Goes on with an upload that was begun, by its `state()`, or by its id alone; asks nobody. */
  resumeMultipartUpload(key: string, upload: string | UploadState): Promise<MultipartUpload>;
  /** Uploads that were begun, and neither completed nor aborted, as far as the store lists them. */
  listUploads(options?: UploadsOptions): AsyncIterable<PendingUpload>;
  /** Aborts uploads that were left behind; resolves with their number. */
  sweepUploads(options?: SweepOptions): Promise<number>;
  /** Replaces an object by what `fn` makes of it, on the condition that nobody else wrote meanwhile; else tries again. */
  update(key: string, fn: UpdateFunction, options?: UpdateOptions): Promise<ObjectInfo>;
  /** The same interface below a prefix, which it cannot leave; text, so that one of a folder ends in `/`. Keys in and out are relative to it. */
  scoped(prefix: string): ObjectStore;
}
