/** Multipart uploads as users drive them, over a driver's four steps. */
import type { Backend, CallOptions, Key, MultipartBackend, UploadedPart } from "./backend.ts";
import { toBody } from "./body.ts";
import type { Caller } from "./call.ts";
import { toInfo } from "./download.ts";
import { StorageError } from "./error.ts";
import type { MultipartOptions, MultipartUpload, UploadBody } from "./interface.ts";
import { refuse, wholeNumber } from "./options.ts";
import { readerOf } from "./reader.ts";
import { putOptions, releasing } from "./upload.ts";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000;

/** Begins a multipart upload. */
export async function createMultipart(call: Caller, key: Key, options: MultipartOptions): Promise<MultipartUpload> {
  return call("createMultipartUpload", key, options, async (backend) => {
    const checked = putOptions(key, options);
    const uploadId = await stepsOf(backend).create(key, checked);
    return {
      key,
      uploadId,
      uploadPart: (partNumber, body, part = {}) => {
        const sent = call("uploadPart", key, part, async (now) => {
          wholeNumber("partNumber", partNumber, 1, MAX_PARTS);
          const steps = stepsOf(now);
          return steps.uploadPart(key, uploadId, partNumber, await partBytes(body, steps.maxPart, part), part);
        });
        return releasing(body, sent);
      },
      complete: (parts, end = {}) =>
        call("completeMultipartUpload", key, end, async (now) => {
          const info = await stepsOf(now).complete(key, uploadId, inOrder(parts), { ...checked, signal: end.signal });
          return toInfo(now, info);
        }),
      abort: (end = {}) => call("abortMultipartUpload", key, end, (now) => stepsOf(now).abort(key, uploadId, end)),
    };
  });
}

function stepsOf(backend: Backend): MultipartBackend {
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
