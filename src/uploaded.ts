/** What a store says of uploads, their parts, and the versions of objects that they make: types only. */

/** Names one version of an object. */
export interface StoredVersion {
  /** The ETag with its quotes; opaque. Conditions take it as it is. */
  readonly etag: string;
  /** Absent where the store keeps no versions. */
  readonly versionId?: string | undefined;
}

/** A part that the store has acknowledged. */
export interface UploadedPart {
  /** 1 to 10000. */
  readonly partNumber: number;
  /** Quoted, as the store gave it: a completion names it. */
  readonly etag: string;
  /** In bytes, where the store or the driver says so. */
  readonly size?: number;
  /** In base64, by the algorithm with which the upload was begun. */
  readonly checksum?: string;
}

/** A part that the store holds of an upload that is under way. */
export interface StoredPart extends UploadedPart {
  /** In bytes. */
  readonly size: number;
  /** When it came, by the store's clock, in a list of a store that tells. */
  readonly lastModified?: Date;
}

/** A multipart upload that was begun, and neither completed nor aborted. */
export interface PendingUpload {
  /** Of the object to be. */
  readonly key: string;
  /** As the store names it. */
  readonly uploadId: string;
  /** By the store's clock. */
  readonly initiated: Date;
}

/** One page of a list of uploads under way. */
export interface PendingPage {
  /** In the store's order. */
  readonly uploads: readonly PendingUpload[];
  /** Where the next page begins; absent on the last one. A page may be empty and still have one. */
  readonly cursor?: string | undefined;
}

/** An upload that was begun. */
export interface BegunUpload {
  /** As the store names it. */
  readonly uploadId: string;
  /** What the finished object can be recognised by, if the driver left a mark: passed to `complete` again. */
  readonly writeId?: string | undefined;
  /** Which algorithm it was begun with, in the words of the driver. */
  readonly checksum?: string | undefined;
}
