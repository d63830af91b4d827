/** From what a caller passes to `upload` to what a driver's `put` is given. */
import type { Backend, Key, PutOptions, Source } from "./backend.ts";
import { type Body, streamOf, toBody } from "./body.ts";
import { toInfo } from "./download.ts";
import { notify } from "./event.ts";
import type { MultipartOptions, ObjectInfo, UploadBody, UploadOptions, UploadProgress } from "./interface.ts";
import { checkAlgorithm, defined, objectHeaders, refuse, type Writable } from "./options.ts";
import { letGo } from "./reader.ts";
import { contentTypeOf, DEFAULT_TYPE } from "./type.ts";

/** Stores a body under a key. The caller lets the body go when this fails: see {@link releasing}. */
export async function upload(
  backend: Backend,
  key: Key,
  body: UploadBody,
  options: UploadOptions,
  durable?: boolean,
): Promise<ObjectInfo> {
  return uploadBody(backend, key, toBody(body, options.size), options, durable);
}

/** Stores a body that is read as a {@link Source} already. */
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

/** Runs what reads a source. Where it fails before it reads, the source is let go. */
export function reading<T>(source: Source, run: () => Promise<T>): Promise<T> {
  return "stream" in source ? releasing(source.stream, run()) : run();
}

/**
 * The outcome of a call that was given a body. When it fails before anybody read the body, the body's stream is cancelled,
 * so that what feeds it learns of it; one that a driver has begun to read is locked, and cancelled by the driver.
 */
export async function releasing<T>(body: UploadBody, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    const stream = streamOf(body);
    if (stream) await letGo(stream, error);
    throw error;
  }
}

/** The part of the options that a driver sees, checked. */
export function putOptions(key: Key, options: MultipartOptions, bodyType?: string): Writable<PutOptions> {
  const { ifMatch, ifNoneMatch, headers, checksum, signal } = options;
  checkConditions(options);
  checkAlgorithm(checksum);
  const stored = objectHeaders(options, bodyType ?? contentTypeOf(key) ?? DEFAULT_TYPE);
  return { ...stored, ifMatch, ifNoneMatch, headers, checksum, signal };
}

/** The conditions of a write; rejects `invalid-option`. */
export function checkConditions<T extends Pick<PutOptions, "ifMatch" | "ifNoneMatch">>({
  ifMatch,
  ifNoneMatch,
}: T): Pick<T, "ifMatch" | "ifNoneMatch"> {
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw refuse("ifNoneMatch", 'must be "*"');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw refuse("ifMatch", "excludes ifNoneMatch");
  checkEtag("ifMatch", ifMatch);
  return { ifMatch, ifNoneMatch };
}

/** An ETag in a condition: the quoted header value as it came, or `*`; rejects `invalid-option`. */
export function checkEtag(option: string, etag: string | undefined): string | undefined {
  if (etag !== undefined && !/^(\*|(W\/)?"[\x21\x23-\x7E]*")$/.test(etag)) {
    throw refuse(option, "must be an ETag with its quotes, as head, list and upload give it");
  }
  return etag;
}

function lengthOf(source: Source): number | undefined {
  return "bytes" in source ? source.bytes.byteLength : source.size;
}

/** Sums up bytes for a caller who watches. */
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
