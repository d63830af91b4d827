/** Multipart uploads that the caller drives, over the steps of a driver. */
import type { Backend, MultipartBackend, Source, StoredPart } from "./backend.ts";
import { toBody } from "./body.ts";
import type { Caller } from "./call.ts";
import { collect } from "./collect.ts";
import { StorageError } from "./error.ts";
import type { MultipartOptions, MultipartUpload, UploadState } from "./interface.ts";
import { parseKey } from "./key.ts";
import { refuse, wholeNumber } from "./options.ts";
import { MAX_PART, MAX_PARTS, MIN_PART, partSizeFor } from "./plan.ts";
import { presignUpload } from "./presign.ts";
import { begin } from "./put.ts";
import { readerOf } from "./reader.ts";
import { finish, inOrder, offset, over, sendMissing, toState, type WorkingState } from "./resume.ts";
import { putOptions, reading, releasing } from "./upload.ts";

/** Starts a multipart upload. */
export function createMultipart(call: Caller, key: string, options: MultipartOptions): Promise<MultipartUpload> {
  return call("createMultipartUpload", key, options, async (backend) => {
    const parsed = parseKey(key);
    const { size, partSize } = options;
    if (size !== undefined) wholeNumber("size", size);
    if (partSize !== undefined) wholeNumber("partSize", partSize, MIN_PART, MAX_PART);
    const checked = putOptions(parsed, options);
    const steps = stepsOf(backend);
    const planned = partSizeFor(partSize ?? steps.plan.partSize, size);
    const begun = await begin(steps, parsed, checked);
    const { ifMatch, ifNoneMatch } = checked;
    return handle(call, { key: parsed, ...begun, partSize: planned, size, ifMatch, ifNoneMatch, parts: new Map() });
  });
}

/** Resumes a multipart upload; the store is not asked yet. */
export function resumeMultipart(call: Caller, key: string, upload: string | UploadState): Promise<MultipartUpload> {
  return call("resumeMultipartUpload", key, undefined, (backend) => {
    const state = toState(parseKey(key), upload);
    const { partSize, checksum } = stepsOf(backend).plan;
    // What the state does not say (an id alone says nothing) is taken to be as the driver does it.
    return handle(call, { partSize, checksum, ...state });
  });
}

function handle(call: Caller, state: WorkingState): MultipartUpload {
  const { key, uploadId, checksum } = state;
  const plain = (): UploadState => ({ ...state, parts: [...state.parts.values()] });
  return {
    key,
    uploadId,
    uploadPart: (partNumber, body, options = {}) => {
      const { signal } = options;
      const sent = call("uploadPart", key, options, async (now) => {
        wholeNumber("partNumber", partNumber, 1, MAX_PARTS);
        const steps = stepsOf(now);
        const { source } = toBody(body);
        const part = { checksum, signal };
        return reading(source, async () => {
          if ("stream" in source && steps.streamPart) return steps.streamPart(key, uploadId, partNumber, source, part);
          return steps.uploadPart(key, uploadId, partNumber, await partBytes(source, steps.maxPart, signal), part);
        });
      });
      return releasing(body, sent);
    },
    parts: (options = {}) =>
      call("listParts", key, options, async (now): Promise<readonly StoredPart[]> => {
        const { parts } = stepsOf(now);
        if (!parts) throw unlisted();
        const stored = await parts(key, uploadId, options);
        if (stored) return stored;
        throw over();
      }),
    complete: (parts, options = {}) =>
      call("completeMultipartUpload", key, options, (now) => {
        const sorted = inOrder(parts);
        if (sorted.length === 0) throw refuse("parts", "must not be empty: upload a part, or abort");
        return finish(now, stepsOf(now), state, sorted, options);
      }),
    abort: (options = {}) =>
      call("abortMultipartUpload", key, options, (now) => stepsOf(now).abort(key, uploadId, options)),
    send: (open, options = {}) =>
      call("sendMultipartUpload", key, options, (now) => sendMissing(now, stepsOf(now), state, open, options)),
    offset: (options = {}) => call("listParts", key, options, (now) => offset(now, stepsOf(now), state, options)),
    state: plain,
    presign: (options = {}) =>
      call("presignMultipartUpload", key, options, (now) => presignUpload(now, key, plain(), options)),
  };
}

/** The multipart steps of a driver; throws `unsupported` if it has none. */
export function stepsOf(backend: Backend): MultipartBackend {
  if (!backend.multipart)
    throw new StorageError("unsupported", "this driver has no multipart uploads; upload() streams any size");
  return backend.multipart;
}

/** The error for a store that does not list uploads or parts. */
export function unlisted(): StorageError {
  return new StorageError("unsupported", "this store does not list uploads and their parts");
}

async function partBytes(source: Source, most: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if ("bytes" in source) return source.bytes;
  const reader = readerOf(source, signal);
  try {
    // The length of a part is seldom known in advance.
    const bytes = await collect(reader.next, source.size ?? 64 * 1024, most);
    if (bytes) return bytes;
    throw new StorageError("too-large", `a part of a stream has at most ${most} bytes; pass bytes or smaller parts`);
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
}
