/** Options and results of `presign`: types only. */
import type { CallOptions, ExpectedChecksum, ObjectHeaders, Presigned } from "./backend.ts";
import type { PolicyWriter } from "./sigv4/policy.ts";

/** Options of `presign` for GET and PUT. */
interface Signable extends CallOptions, Omit<ObjectHeaders, "metadata"> {
  /** Extra request headers. The client must send them exactly as they are. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Lifetime in whole seconds, 1 to 604800 (seven days). Default 3600. */
  readonly expiresIn?: number | undefined;
}

/** Options that belong to the other method. */
type Not<Name extends string> = { readonly [N in Name]?: undefined };

/**
 * Options of `presign` for a GET. `contentType`, `contentDisposition` and the like replace the headers of the answer.
 */
export interface PresignGetOptions
  extends Signable, Not<"contentLength" | "checksum" | "metadata" | "ifMatch" | "ifNoneMatch" | "part" | "policy"> {
  /** The method that is signed. Default `GET`. */
  readonly method?: "GET" | undefined;
  /**
   * The store's id of one version of the object. Rejects `unsupported` if the driver has no versions. Default: the
   * newest.
   */
  readonly versionId?: string | undefined;
}

/**
 * Options of `presign` for a PUT. The client must send `contentType`, `contentDisposition` and the like exactly as they
 * are.
 */
export interface PresignPutOptions extends Signable, ObjectHeaders, Not<"versionId"> {
  /** PUT: the client sends the object, or one part of it. */
  readonly method: "PUT";
  /** Exact length of the body in bytes, which the client's `content-length` must equal. Default: any. */
  readonly contentLength?: number | undefined;
  /** Checksum that the bytes of the object or part must have, if the store checks it. */
  readonly checksum?: ExpectedChecksum | undefined;
  /** Store only if the key is absent. */
  readonly ifNoneMatch?: "*" | undefined;
  /** Replace the object only while it has this ETag (`*`: any). Excludes `ifNoneMatch`. */
  readonly ifMatch?: string | undefined;
  /** Sign for one part of a multipart upload. Excludes headers and conditions, which belong to the whole upload. */
  readonly part?: { readonly uploadId: string; readonly partNumber: number } | undefined;
  /** Used by `presignPost` of `unbucket/post-policy`: signs a form instead, whose fields are returned as `headers`. */
  readonly policy?: PolicyWriter | undefined;
}

/** Options of `presign`; `method` discriminates. */
export type PresignOptions = PresignGetOptions | PresignPutOptions;

/** Signed requests with which a browser, or any client without credentials, can do a whole multipart upload. */
export interface PresignedUpload {
  /** Bytes of every part but the last. */
  readonly partSize: number;
  /** One PUT per part, which takes the bytes of the object from `start` to `end`, both inclusive. */
  readonly parts: readonly (Presigned & {
    readonly partNumber: number;
    readonly start: number;
    readonly end: number;
  })[];
  /**
   * POST, with S3's `CompleteMultipartUpload` document of part numbers and ETags. A 200 may carry an `Error` document.
   */
  readonly complete: Presigned;
  /** DELETE, which aborts the upload. */
  readonly abort: Presigned;
}
