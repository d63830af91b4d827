/** The verbs, and the options that each takes. */
import type { CallOptions, RequestOptions } from "./backend.ts";
import type {
  CopyOptions,
  DeleteOptions,
  DownloadOptions,
  MoveOptions,
  MultipartOptions,
  PresignOptions,
  SendOptions,
  SweepOptions,
  UpdateOptions,
  UploadOptions,
  UploadsOptions,
} from "./interface.ts";
import type { ListOptions } from "./listing.ts";
import type { OptionType } from "./options.ts";

/**
 * The name of a verb in errors and events. The methods of a `MultipartUpload` have names such as `uploadPart` or
 * `listParts`.
 */
export type Verb =
  | "upload"
  | "download"
  | "delete"
  | "exists"
  | "head"
  | "list"
  | "presign"
  | "copy"
  | "move"
  | "update"
  | "deletePrefix"
  | "createMultipartUpload"
  | "resumeMultipartUpload"
  | "uploadPart"
  | "listParts"
  | "completeMultipartUpload"
  | "abortMultipartUpload"
  | "sendMultipartUpload"
  | "presignMultipartUpload"
  | "listUploads"
  | "sweepUploads"
  | "setItem"
  | "setItemRaw"
  | "getItem"
  | "getItemRaw"
  | "removeItem"
  | "hasItem"
  | "getMeta"
  | "getKeys"
  | "clear"
  | "watch";

/** The type of the options of each verb. */
export interface Verbs {
  readonly upload: UploadOptions;
  readonly setItem: UploadOptions;
  readonly setItemRaw: UploadOptions;
  readonly download: DownloadOptions;
  readonly getItem: DownloadOptions;
  readonly getItemRaw: DownloadOptions;
  readonly delete: DeleteOptions;
  readonly removeItem: DeleteOptions;
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
  readonly move: MoveOptions;
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

const CALL = { signal: 1 } as const;
const REQUEST = { ...CALL, headers: 1, versionId: "string" } as const;
const CONDITIONS = { ifMatch: 1, ifNoneMatch: 1 } as const;
const HEADERS = {
  contentType: "string",
  contentEncoding: "string",
  contentLanguage: "string",
  contentDisposition: "string",
  cacheControl: "string",
  metadata: "object",
  headers: 1,
} as const;
const STORED = { ...CALL, ...HEADERS, checksum: 1 } as const;
const WRITE = { ...STORED, ...CONDITIONS } as const;
const LENGTH = { size: 1, onProgress: "function" } as const;
const UPLOAD = { ...WRITE, ...LENGTH } as const;
const DELETE = { ...REQUEST, ifMatch: 1 } as const;
const MOVE = { ...CALL, ...CONDITIONS, headers: 1 } as const;
const COPY = { ...REQUEST, ...CONDITIONS } as const;
const DOWNLOAD = { ...COPY, range: 1, parallel: 1 } as const;
const LIST = { ...CALL, prefix: 1, delimiter: 1, cursor: 1, startAfter: 1, limit: 1 } as const;

/** The options of the verbs that take more than a signal. An option missing here does not compile. */
const VERBS: {
  readonly [V in Verb as keyof Verbs[V] extends keyof CallOptions ? never : V]: Readonly<
    Record<keyof Verbs[V], OptionType>
  >;
} = {
  upload: UPLOAD,
  setItem: UPLOAD,
  setItemRaw: UPLOAD,
  download: DOWNLOAD,
  getItem: DOWNLOAD,
  getItemRaw: DOWNLOAD,
  delete: DELETE,
  removeItem: DELETE,
  exists: REQUEST,
  hasItem: REQUEST,
  head: REQUEST,
  getMeta: REQUEST,
  list: LIST,
  getKeys: LIST,
  presign: { ...REQUEST, ...WRITE, method: 1, expiresIn: 1, contentLength: 1, part: 1, policy: 1 },
  copy: COPY,
  move: MOVE,
  update: { ...STORED, ...LENGTH, attempts: 1 },
  createMultipartUpload: { ...WRITE, size: 1, partSize: 1 },
  sendMultipartUpload: { ...CALL, onProgress: "function", verify: "boolean" },
  presignMultipartUpload: { ...CALL, expiresIn: 1 },
  listUploads: { ...CALL, prefix: 1 },
  sweepUploads: { ...CALL, prefix: 1, olderThan: 1 },
};

/**
 * The options of a verb, by name, with their types. Options of other verbs are refused like typing errors: a delete
 * that ignored `ifNoneMatch` would do what that was meant to prevent.
 */
export function optionsOf(operation: Verb): Readonly<Record<string, unknown>> {
  return (VERBS as Partial<Record<Verb, Readonly<Record<string, unknown>>>>)[operation] ?? CALL;
}
