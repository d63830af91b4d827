/** Multipart uploads as users drive them, over a driver's steps. */
import type { Backend, CallOptions, Key, MultipartBackend, StoredPart, UploadedPart } from "./backend.ts";
import { toBody } from "./body.ts";
import type { Caller } from "./call.ts";
import { StorageError } from "./error.ts";
import type { MultipartOptions, MultipartUpload, ObjectInfo, UploadBody, UploadState } from "./interface.ts";
import { refuse, wholeNumber } from "./options.ts";
import { MAX_PART, MAX_PARTS, partSizeFor } from "./plan.ts";
import { presignUpload } from "./presign.ts";
import { readerOf } from "./reader.ts";
import { finished, sendMissing, toState, type WorkingState } from "./resume.ts";
import { putOptions, releasing } from "./upload.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MIN_PART = 5 * 1024 * 1024;

/** Begins a multipart upload. */
export async function createMultipart(call: Caller, key: Key, options: MultipartOptions): Promise<MultipartUpload> {
  return call("createMultipartUpload", key, options, async (backend) => {
    const { size, partSize } = options;
    if (size !== undefined) wholeNumber("size", size, 0, Number.MAX_SAFE_INTEGER);
    if (partSize !== undefined) wholeNumber("partSize", partSize, MIN_PART, MAX_PART);
    const checked = putOptions(key, options);
    const steps = stepsOf(backend);
    const planned = partSizeFor(partSize ?? steps.plan.partSize, size);
    const begun = await steps.create(key, checked);
    const { ifMatch, ifNoneMatch } = checked;
    return handle(call, key, { key, ...begun, partSize: planned, size, ifMatch, ifNoneMatch, parts: [] });
  });
}

/** Goes on with an upload that was begun; nothing is asked of the store yet. */
export function resumeMultipart(call: Caller, key: Key, upload: string | UploadState): Promise<MultipartUpload> {
  return call("resumeMultipartUpload", key, undefined, (backend) => {
    const state = toState(key, upload);
    const { partSize, checksum } = stepsOf(backend).plan;
    // Of an upload that is known by its id alone, all is taken to be the driver's own way.
    return handle(call, key, { partSize, checksum, ...state });
  });
}

function handle(call: Caller, key: Key, state: WorkingState): MultipartUpload {
  const { uploadId, writeId, checksum, ifMatch, ifNoneMatch } = state;
  return {
    key,
    uploadId,
    uploadPart: (partNumber, body, part = {}) => {
      const sent = call("uploadPart", key, part, async (now) => {
        wholeNumber("partNumber", partNumber, 1, MAX_PARTS);
        const steps = stepsOf(now);
        const bytes = await partBytes(body, steps.maxPart, part);
        return steps.uploadPart(key, uploadId, partNumber, bytes, { checksum, signal: part.signal });
      });
      return releasing(body, sent);
    },
    parts: (options = {}) =>
      call("listParts", key, options, async (now): Promise<readonly StoredPart[]> => {
        const parts = await stepsOf(now).parts(key, uploadId, options);
        if (parts) return parts;
        throw new StorageError("not-found", "the upload is over: it was completed or aborted");
      }),
    complete: (parts, options = {}) =>
      call("completeMultipartUpload", key, options, async (now): Promise<ObjectInfo> => {
        const { signal } = options;
        const end = { ifMatch, ifNoneMatch, writeId, checksum, signal };
        return finished(now, key, await stepsOf(now).complete(key, uploadId, inOrder(parts), end), signal);
      }),
    abort: (end = {}) => call("abortMultipartUpload", key, end, (now) => stepsOf(now).abort(key, uploadId, end)),
    send: (open, options = {}) =>
      call("sendMultipartUpload", key, options, (now) => sendMissing(now, stepsOf(now), key, state, open, options)),
    state: () => ({ ...state, parts: [...state.parts] }),
    presign: (options = {}) =>
      call("presignMultipartUpload", key, options, (now) => presignUpload(now, key, state, options)),
  };
}

/** The steps of a driver that has them. */
export function stepsOf(backend: Backend): MultipartBackend {
  if (!backend.multipart)
    throw new StorageError("unsupported", "this driver has no multipart uploads; upload() streams any size");
  return backend.multipart;
}

function inOrder(parts: readonly UploadedPart[]): readonly UploadedPart[] {
  if (parts.length === 0) throw refuse("parts", "must not be empty: upload at least one part, or abort");
  const sorted = [...parts].sort((a, b) => a.partNumber - b.partNumber);
  for (const [index, part] of sorted.entries()) {
    wholeNumber("partNumber", part.partNumber, 1, MAX_PARTS);
    if (part.partNumber === sorted[index - 1]?.partNumber) throw refuse("parts", `has part ${part.partNumber} twice`);
  }
  return sorted;
}

async function partBytes(body: UploadBody, most: number, call: CallOptions): Promise<Uint8Array> {
  const { source } = toBody(body);
  if ("bytes" in source) return source.bytes;
  const tooLarge = (): StorageError =>
    new StorageError(
      "too-large",
      `a part has at most ${most} bytes when it comes as a stream; pass bytes or smaller parts`,
    );
  const reader = readerOf(source, call.signal);
  try {
    if (source.size !== undefined && source.size > most) throw tooLarge();
    // Grows with what comes: a part's length is not known beforehand.
    let buffer = new Uint8Array(source.size ?? Math.min(most, 64 * 1024));
    let end = await reader.fill(buffer, 0);
    while (!(await reader.ended())) {
      if (end >= most) throw tooLarge();
      const larger = new Uint8Array(Math.min(most, buffer.byteLength * 4));
      larger.set(buffer);
      buffer = larger;
      end = await reader.fill(buffer, end);
    }
    return buffer.subarray(0, end);
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
}
