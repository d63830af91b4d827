/** From what a caller passes to `upload` to what a driver's `put` is given. */
import type { Backend, Key, PutOptions, Source } from "./backend.ts";
import { toBody } from "./body.ts";
import { toInfo } from "./download.ts";
import { StorageError } from "./error.ts";
import type { MultipartOptions, ObjectInfo, UploadBody, UploadOptions, UploadProgress } from "./interface.ts";
import { objectHeaders, refuse, wholeNumber } from "./options.ts";
import { contentTypeOf } from "./type.ts";

const DEFAULT_TYPE = "application/octet-stream";

/** Stores a body under a key; on any failure the body's stream is cancelled. */
export async function upload(backend: Backend, key: Key, body: UploadBody, options: UploadOptions, durable?: boolean): Promise<ObjectInfo> {
  let source: Source | undefined;
  try {
    if (options.size !== undefined) wholeNumber("size", options.size, 0, Number.MAX_SAFE_INTEGER);
    const { source: taken, type } = toBody(body, options.size);
    source = taken;
    const put = putOptions(key, options, type);
    const progress = options.onProgress && counter(options.onProgress, lengthOf(source));
    const info = await backend.put(key, source, {
      ...put,
      ...(durable === undefined ? {} : { durable }),
      ...(progress ? { onBytes: progress } : {}),
    });
    return toInfo(backend, info);
  } catch (error) {
    // A refused body is told so; one that a driver reads has been cancelled by it, and is locked.
    if (!source || ("stream" in source && !source.stream.locked)) await cancelBody(body, error);
    throw error;
  }
}

/** The part of the options that a driver sees, checked. */
export function putOptions(key: Key, options: MultipartOptions, bodyType?: string): PutOptions {
  const { ifMatch, ifNoneMatch, headers, signal } = options;
  if ("checksum" in options && options.checksum !== undefined) {
    throw new StorageError("unsupported", "checksum cannot be chosen yet; payloads are signed with their SHA-256 by default");
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw refuse("ifNoneMatch", 'must be "*" on a write: create only');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw refuse("ifMatch", "and ifNoneMatch exclude each other");
  return {
    ...objectHeaders({ ...options, contentType: options.contentType ?? bodyType ?? contentTypeOf(key) ?? DEFAULT_TYPE }),
    ...(ifMatch === undefined ? {} : { ifMatch: checkEtag("ifMatch", ifMatch) }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(headers ? { headers } : {}),
    ...(signal ? { signal } : {}),
  };
}

/** An ETag in a condition: the quoted header value as it came, or `*`; rejects `invalid-option`. */
export function checkEtag(option: string, etag: string): string {
  if (typeof etag !== "string" || !/^(\*|(W\/)?"[\x21\x23-\x7E]*")$/.test(etag)) {
    throw refuse(option, "must be an ETag with its quotes, as head, list and upload give it");
  }
  return etag;
}

function lengthOf(source: Source): number | undefined {
  return "bytes" in source ? source.bytes.byteLength : source.size;
}

function counter(onProgress: (progress: UploadProgress) => void, total: number | undefined): (count: number) => void {
  let loaded = 0;
  return (count) => {
    loaded += count;
    onProgress({ loaded, ...(total === undefined ? {} : { total }) });
  };
}

async function cancelBody(body: UploadBody, reason: unknown): Promise<void> {
  const stream = body instanceof Response || body instanceof Request ? body.body : body;
  if (stream instanceof ReadableStream && !stream.locked) stream.cancel(reason).catch(() => {});
}
