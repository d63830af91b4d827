/** Turns the arguments of `upload` into those of a driver's `put`. */
import type { Backend, Key, PutOptions, Source } from "./backend.ts";
import { type Body, toBody, unreadStream } from "./body.ts";
import { toInfo } from "./download.ts";
import { notify } from "./event.ts";
import type { MultipartOptions, ObjectInfo, UploadBody, UploadOptions, UploadProgress } from "./interface.ts";
import { checkAlgorithm, defined, objectHeaders, refuse, type Writable } from "./options.ts";
import { letGo } from "./reader.ts";
import { contentTypeOf, DEFAULT_TYPE } from "./type.ts";

/** Stores a body under a key. On failure the caller must release the body: see {@link releasing}. */
export async function upload(
  backend: Backend,
  key: Key,
  body: UploadBody,
  options: UploadOptions,
  durable?: boolean,
): Promise<ObjectInfo> {
  return uploadBody(backend, key, toBody(body, options.size), options, durable);
}

/** Stores a body that is already a {@link Source}. */
export async function uploadBody(
  backend: Backend,
  key: Key,
  { source, type }: Body,
  options: UploadOptions,
  durable?: boolean,
): Promise<ObjectInfo> {
  return reading(source, async () => {
    const put = putOptions(key, options, type);
    put.durable = durable;
    put.onBytes = options.onProgress && counter(options.onProgress, lengthOf(source));
    return toInfo(backend, await backend.put(key, source, put));
  });
}

/** Runs what reads a source. If that fails before it reads, the source is cancelled. */
export function reading<T>(source: Source, run: () => Promise<T>): Promise<T> {
  return "stream" in source ? releasing(source.stream, run()) : run();
}

/**
 * The outcome of a call with a body. If the call fails before anybody reads the body, its stream is cancelled, which
 * tells its producer. A stream that a driver has begun to read is locked, and cancelled by the driver.
 */
export async function releasing<T>(body: UploadBody, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    const stream = unreadStream(body);
    if (stream) await letGo(stream, error);
    throw error;
  }
}

/** The options for a driver's `put`, checked. */
export function putOptions(key: Key, options: MultipartOptions, bodyType?: string): Writable<PutOptions> {
  const { ifMatch, ifNoneMatch, headers, checksum, signal } = options;
  checkConditions(options);
  checkAlgorithm(checksum);
  const stored = objectHeaders(options, bodyType ?? contentTypeOf(key) ?? DEFAULT_TYPE);
  return { ...stored, ifMatch, ifNoneMatch, headers, checksum, signal };
}

/** The checked conditions of a write; throws `invalid-option`. */
export function checkConditions<T extends Pick<PutOptions, "ifMatch" | "ifNoneMatch">>({
  ifMatch,
  ifNoneMatch,
}: T): Pick<T, "ifMatch" | "ifNoneMatch"> {
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw refuse("ifNoneMatch", 'must be "*"');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw refuse("ifMatch", "excludes ifNoneMatch");
  checkEtag("ifMatch", ifMatch);
  return { ifMatch, ifNoneMatch };
}

/** Checks an ETag in a condition: with its quotes, or `*`; throws `invalid-option`. */
export function checkEtag(option: string, etag: string | undefined): string | undefined {
  if (etag !== undefined && !/^(\*|(W\/)?"[\x21\x23-\x7E]*")$/.test(etag)) {
    throw refuse(option, "must be an ETag with its quotes, as head, list and upload give it");
  }
  return etag;
}

function lengthOf(source: Source): number | undefined {
  return "bytes" in source ? source.bytes.byteLength : source.size;
}

/** Sums up bytes for `onProgress`. */
export function counter(
  onProgress: (progress: UploadProgress) => void,
  total: number | undefined,
): (count: number) => void {
  let loaded = 0;
  return (count) => {
    loaded += count;
    notify(onProgress, defined({ loaded, total }));
  };
}
