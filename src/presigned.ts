/** What can be signed for others, and what they are given: types only. */
import type { CallOptions, ExpectedChecksum, ObjectHeaders, Presigned } from "./backend.ts";
import type { PolicyWriter } from "./sigv4/policy.ts";

/** What a GET and a PUT may both be signed with. */
interface Signable extends CallOptions, Omit<ObjectHeaders, "metadata"> {
  /** Extra request headers, which must be sent as given. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Seconds, a whole number from 1 to 604800 (seven days). Default 3600. */
  readonly expiresIn?: number | undefined;
}

/** What the other method alone can be signed with. */
type Not<Name extends string> = { readonly [N in Name]?: undefined };

/** Options of `presign` for a GET; `contentType`, `contentDisposition` and their like are those of the answer. */
export interface PresignGetOptions
  extends Signable, Not<"contentLength" | "checksum" | "metadata" | "ifMatch" | "ifNoneMatch" | "part" | "policy"> {
  /** Default `GET`. */
  readonly method?: "GET" | undefined;
  /** One version of the object, as the store names it; `unsupported` where a driver keeps none. Default: the newest. */
  readonly versionId?: string | undefined;
}

/** Options of `presign` for a PUT; what travels with an object (`contentType`, `contentDisposition`, ...) must be sent as given. */
export interface PresignPutOptions extends Signable, ObjectHeaders, Not<"versionId"> {
  /** The object, or one part of it, is to be sent. */
  readonly method: "PUT";
  /** The exact length in bytes of what the client sends; its own `content-length` must say so. */
  readonly contentLength?: number | undefined;
  /** What the bytes must have, also those of a part, where the store checks it. */
  readonly checksum?: ExpectedChecksum | undefined;
  /** Only create. */
  readonly ifNoneMatch?: "*" | undefined;
  /** Only replace the version with this ETag. Not beside `ifNoneMatch`. */
  readonly ifMatch?: string | undefined;
  /** One part of a multipart upload; headers and conditions are the upload's, so that it takes none. */
  readonly part?: { readonly uploadId: string; readonly partNumber: number } | undefined;
  /** What `presignPost` of `unbucket/post-policy` passes: the request is then a form's, and `headers` of it are its fields. */
  readonly policy?: PolicyWriter | undefined;
}

/** Options of `presign`: `method` tells which. What wraps it takes one of the two. */
export type PresignOptions = PresignGetOptions | PresignPutOptions;

/** The requests by which a browser, or another program without credentials, can send a whole upload. */
export interface PresignedUpload {
  /** In bytes, of every part but the last. */
  readonly partSize: number;
  /** One PUT for each part; `start` and `end` are the bytes of the object that it takes, both inclusive. */
  readonly parts: readonly (Presigned & {
    readonly partNumber: number;
    readonly start: number;
    readonly end: number;
  })[];
  /** POST with S3's `CompleteMultipartUpload` document of all part numbers and ETags. An answer of 200 may hold an `Error`. */
  readonly complete: Presigned;
  /** DELETE. */
  readonly abort: Presigned;
}
