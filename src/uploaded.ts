/** What stores return for multipart uploads, their parts, and the versions that writes make: types only. */

/** One version of an object. */
export interface StoredVersion {
  /** The ETag with its quotes; opaque. Conditions take it as it is. */
  readonly etag: string;
  /**
   * The store's id of the version; absent if the answer names none. `null`, of a bucket whose versioning is suspended, is the version that
   * the next write replaces.
   */
  readonly versionId?: string | undefined;
}

/** A part that the store has acknowledged. */
export interface UploadedPart {
  /** Number of the part, 1 to 10000. */
  readonly partNumber: number;
  /** ETag of the part with its quotes, which `complete` needs. */
  readonly etag: string;
  /** Length in bytes, if known. */
  readonly size?: number;
  /** Checksum in base64, by the algorithm of the upload; absent if it has none. */
  readonly checksum?: string;
}

/** A part of an unfinished upload, as the store lists it. */
export interface StoredPart extends UploadedPart {
  /** Length in bytes. */
  readonly size: number;
  /** When the part was stored, by the store's clock; absent if the store does not say. */
  readonly lastModified?: Date;
}

/** A multipart upload that was neither completed nor aborted. */
export interface PendingUpload {
  /** Key of the object being uploaded. */
  readonly key: string;
  /** The store's id of the upload. */
  readonly uploadId: string;
  /** When the upload was started, by the store's clock. */
  readonly initiated: Date;
}

/** One page of a list of unfinished uploads. */
export interface PendingPage {
  /** The uploads, in the store's order. */
  readonly uploads: readonly PendingUpload[];
  /** Where the next page begins; absent on the last page. An empty page may have one. */
  readonly cursor?: string | undefined;
}

/** A started multipart upload. */
export interface BegunUpload {
  /** The store's id of the upload. */
  readonly uploadId: string;
  /**
   * Mark in the metadata by which the finished object is recognised, if the driver leaves one; passed on to `complete`.
   */
  readonly writeId?: string | undefined;
  /** The checksum algorithm of the upload, as the driver names it. */
  readonly checksum?: string | undefined;
}
