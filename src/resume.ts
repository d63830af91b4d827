/** Going on with an upload: what the store holds already is compared with the source, and the rest is sent. */
import { sha256Base64 } from "#digest";
import type { Backend, Key, MultipartBackend, UploadedPart } from "./backend.ts";
import { toBody } from "./body.ts";
import { toInfo } from "./download.ts";
import { StorageError } from "./error.ts";
import type { MultipartUpload, ObjectInfo, SendOptions, SentPart, UploadState } from "./interface.ts";
import { refuse, wholeNumber } from "./options.ts";
import { firstPiece, piecesOf, sendParts, slicesOf } from "./parts.ts";
import { MAX_PART, MAX_PARTS } from "./plan.ts";
import { readerOf } from "./reader.ts";
import { counter, releasing } from "./upload.ts";

/** A state that grows. */
export interface WorkingState extends UploadState {
  readonly parts: SentPart[];
}

/** A state from outside, checked; an id alone is a state in which nothing is known to be sent. */
export function toState(
  key: string,
  upload: string | UploadState,
): Omit<WorkingState, "partSize"> & Partial<Pick<WorkingState, "partSize">> {
  if (typeof upload === "string" && upload !== "") return { key, uploadId: upload, parts: [] };
  const { uploadId, partSize, size, writeId, checksum, ifMatch, ifNoneMatch, parts } = (upload ?? {}) as UploadState;
  if (typeof uploadId !== "string" || uploadId === "" || !Array.isArray(parts))
    throw refuse("upload", "must be the id of an upload, or what state() gave");
  wholeNumber("partSize", partSize, 1, MAX_PART);
  if (size !== undefined) wholeNumber("size", size, 0, Number.MAX_SAFE_INTEGER);
  for (const { partNumber } of parts) wholeNumber("partNumber", partNumber, 1, MAX_PARTS);
  return { key, uploadId, partSize, size, writeId, checksum, ifMatch, ifNoneMatch, parts: [...parts] };
}

/** Sends what the store does not hold, and completes. */
export async function sendMissing(
  backend: Backend,
  steps: MultipartBackend,
  key: Key,
  state: WorkingState,
  open: Parameters<MultipartUpload["send"]>[0],
  { signal, onProgress, verify = true }: SendOptions,
): Promise<ObjectInfo> {
  const { uploadId, partSize, size, writeId, checksum, ifMatch, ifNoneMatch } = state;
  const stored = await steps.parts(key, uploadId, { signal });
  if (!stored) {
    // Completed by a process that did not live to hear of it?
    const etag = await steps.completed(key, state, { signal });
    if (etag !== null) return finished(backend, key, etag, signal);
    throw new StorageError("not-found", "the upload is gone: it was completed, aborted or swept; begin a new one");
  }
  const etags = new Map(stored.map((part) => [part.partNumber, `${part.etag} ${part.size}`]));
  const kept = new Map(
    state.parts
      .filter((part) => etags.get(part.partNumber) === `${part.etag} ${part.size}`)
      .map((part) => [part.partNumber, part]),
  );
  let first = 1;
  if (!verify) while (kept.get(first)?.size === partSize) first++;
  const start = (first - 1) * partSize;
  const before = Array.from({ length: first - 1 }, (_, index) => kept.get(index + 1) as SentPart);

  const sendPart = async (partNumber: number, bytes: Uint8Array, stop: AbortSignal): Promise<UploadedPart> => {
    const digest = (await sha256Base64(bytes)).slice(0, 16);
    const known = kept.get(partNumber);
    if (known?.digest === digest && known.size === bytes.byteLength) return known;
    const sent = { ...(await steps.uploadPart(key, uploadId, partNumber, bytes, { checksum, signal: stop })), digest };
    const others = state.parts.filter((part) => part.partNumber !== partNumber);
    state.parts.splice(0, Infinity, ...others, { ...sent, size: bytes.byteLength });
    return sent;
  };

  const onBytes = onProgress && counter(onProgress, size);
  if (start > 0) onBytes?.(start);
  const body = await open(start);
  const parts = await releasing(body, readAll());
  const end = { ifMatch, ifNoneMatch, writeId, checksum, signal };
  return finished(backend, key, await steps.complete(key, uploadId, parts, end), signal);

  async function readAll(): Promise<readonly UploadedPart[]> {
    const { source } = toBody(body, size === undefined ? undefined : size - start);
    if ("bytes" in source) {
      const empty = source.bytes.byteLength === 0 && first === 1;
      const pieces = empty ? blank() : slicesOf(source.bytes, partSize);
      const sent = await sendParts(steps.plan, first, pieces, sendPart, { signal, onBytes, stopSource: () => {} });
      return [...before, ...sent.parts];
    }
    const reader = readerOf(source, signal);
    try {
      const piece = await firstPiece(steps.plan.memory, reader, partSize, signal);
      if (piece.bytes.byteLength === 0 && first > 1) {
        piece.release(true);
        return before;
      }
      const pieces = piecesOf(steps.plan.memory, reader, piece, partSize, signal);
      const sending = { signal, onBytes, stopSource: reader.cancel };
      return [...before, ...(await sendParts(steps.plan, first, pieces, sendPart, sending)).parts];
    } catch (error) {
      await reader.cancel(error);
      throw error;
    }
  }
}

/** An object of no bytes has one part of none. */
function blank(): ReturnType<typeof slicesOf> {
  return (async function* () {
    yield { bytes: new Uint8Array(0), release: () => {} };
  })();
}

/** What is known of the object that an upload made. */
export async function finished(
  backend: Backend,
  key: Key,
  etag: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const info = await backend.head(key, { signal });
  if (info) return toInfo(backend, { ...info, etag });
  throw new StorageError("ambiguous", "the object was written, and is not there: another call may have deleted it");
}
