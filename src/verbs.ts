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
import { OBJECT_HEADERS } from "./options.ts";

/** A verb as errors, events and its list of options name it; those of a `MultipartUpload` have names of their own. */
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

/** What each verb takes, by the name of its operation. */
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

const CALL = { signal: 1 };
const REQUEST = { ...CALL, headers: 1, versionId: 1 };
const CONDITIONS = { ifMatch: 1, ifNoneMatch: 1 };
const STORED = { ...CALL, ...OBJECT_HEADERS, metadata: 1, headers: 1, checksum: 1 };
const WRITE = { ...STORED, ...CONDITIONS };
const LENGTH = { size: 1, onProgress: 1 };
const UPLOAD = { ...WRITE, ...LENGTH };
const DELETE = { ...REQUEST, ifMatch: 1 };
const MOVE = { ...CALL, ...CONDITIONS, headers: 1 };
const COPY = { ...MOVE, versionId: 1 };
const DOWNLOAD = { ...COPY, range: 1, parallel: 1 };
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
  sendMultipartUpload: { ...CALL, onProgress: 1, verify: 1 },
  presignMultipartUpload: { ...CALL, expiresIn: 1 },
  listUploads: { ...CALL, prefix: 1 },
  sweepUploads: { ...CALL, prefix: 1, olderThan: 1 },
};

/**
 * The names of the options that an operation has. Another verb's is refused like a typing error: `ifNoneMatch` of a
 * delete would else let happen what it was to prevent.
 */
export function optionsOf(operation: Verb): object {
  return (VERBS as Partial<Record<Verb, object>>)[operation] ?? CALL;
}
