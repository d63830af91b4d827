/** Resumes a multipart upload: compares the stored parts with the source, and sends the missing ones. */
import { sha256Base64 } from "#digest";
import type {
  Backend,
  CallOptions,
  Key,
  MultipartBackend,
  Source,
  StoredInfo,
  StoredPart,
  StoredVersion,
  UploadedPart,
} from "./backend.ts";
import { toBody, wrongSize } from "./body.ts";
import { toDownload, toInfo } from "./download.ts";
import { quoted, StorageError } from "./error.ts";
import type { MultipartUpload, ObjectInfo, SendOptions, SentPart, UploadState } from "./interface.ts";
import { refuse, wholeNumber } from "./options.ts";
import { nextPiece, type Piece, type Pieces, piecesOf, type SendPart, sendParts, slicesOf } from "./parts.ts";
import { MAX_PART, MAX_PARTS, partSizeFor } from "./plan.ts";
import { readerOf } from "./reader.ts";
import { checkConditions, counter, reading, releasing } from "./upload.ts";
import { streamOf } from "./whole.ts";

/** The state of an upload in progress, with its parts by number. */
export interface WorkingState extends Omit<UploadState, "parts"> {
  readonly key: Key;
  readonly parts: Map<number, SentPart>;
}

/** Checks a state from a caller; an id alone is a state without known parts. */
export function toState(
  key: Key,
  upload: string | UploadState,
): Omit<WorkingState, "partSize"> & Partial<Pick<WorkingState, "partSize">> {
  if (typeof upload === "string") {
    checkText("upload", upload);
    return { key, uploadId: upload, parts: new Map() };
  }
  const { key: named, uploadId, partSize, size, writeId, checksum, ...rest } = (upload ?? {}) as UploadState;
  const sent = inOrder(rest.parts).map((part) => [part.partNumber, part] as const);
  if (named !== key) throw refuse("upload", `is of the key ${quoted(`${named}`)}`);
  checkText("uploadId", uploadId ?? "");
  checkText("writeId", writeId);
  checkText("checksum", checksum);
  wholeNumber("partSize", partSize, 1, MAX_PART);
  // Otherwise there would be more than 10000 parts, and presigning them could exhaust the memory.
  if (size !== undefined && partSizeFor(partSize, wholeNumber("size", size)) !== partSize) throw odd("size");
  return { key, uploadId, partSize, size, writeId, checksum, ...checkConditions(rest), parts: new Map(sent) };
}

/** Checks and sorts parts from a caller. */
export function inOrder<T extends UploadedPart>(parts: readonly T[]): readonly T[] {
  if (!Array.isArray(parts)) throw odd("parts");
  const sorted: readonly T[] = [...(parts as T[])].sort((a, b) => a?.partNumber - b?.partNumber);
  for (const [index, part] of sorted.entries()) {
    if (wholeNumber("partNumber", part?.partNumber, 1, MAX_PARTS) === sorted[index - 1]?.partNumber)
      throw refuse("parts", "has a part twice");
    checkText("etag", part.etag ?? "");
    checkText("checksum", part.checksum);
  }
  return sorted;
}

/** The refusal of a value that `state()` never returns. */
function odd(name: string): StorageError {
  return refuse(name, "must be as state() gave it");
}

/** Checks an id or ETag: those of stores are short printable ASCII. */
function checkText(name: string, text: unknown): void {
  if (text !== undefined && (typeof text !== "string" || !/^[ -~]{1,4096}$/.test(text))) throw odd(name);
}

/** Sends the parts that the store does not have, and completes the upload: `send` of a `MultipartUpload`. */
export async function sendMissing(
  backend: Backend,
  steps: MultipartBackend,
  state: WorkingState,
  open: Parameters<MultipartUpload["send"]>[0],
  options: SendOptions,
): Promise<ObjectInfo> {
  if (typeof open !== "function")
    return releasing(open, Promise.reject(refuse("open", "must be a function that gives the body from a start on")));
  const { key, uploadId, partSize, size, checksum } = state;
  const { signal, onProgress, verify = true } = options;
  wholeNumber("partSize", partSize, 1, steps.maxPart);
  const { done, known, row } = await standing(backend, steps, state, options);
  if (done && !verify) return done;
  const before = verify ? [] : row();
  const start = before.length * partSize;

  const sendPart: SendPart = async (partNumber, bytes, stop) => {
    const digest = await digestOf(bytes);
    const part = known(partNumber);
    if (part?.digest === digest) return part;
    if (done) {
      const start = (partNumber - 1) * partSize;
      const end = start + bytes.byteLength - 1;
      if (part || end >= done.size) throw changed();
      if (end < start) return { partNumber, etag: done.etag };
      const there = await backend.get(key, { range: { start, end }, ifMatch: done.etag, signal: stop });
      // An empty place: the failure is one of this call, not of a download.
      if (!there || (await digestOf(await toDownload(backend, there, {}).bytes())) !== digest) throw changed();
      return { partNumber, etag: done.etag };
    }
    const sent = await steps.uploadPart(key, uploadId, partNumber, bytes, { checksum, signal: stop });
    state.parts.set(partNumber, { ...sent, digest, size: bytes.byteLength });
    return sent;
  };
  const onBytes = onProgress && counter(onProgress, size);
  const send = async (pieces: Pieces, stopSource: (reason: unknown) => void): Promise<ObjectInfo> => {
    const rest: Pieces = start > 0 ? (stop) => filled(pieces(stop)) : pieces;
    const { parts, size: total } = await sendParts(steps.plan, before.length + 1, rest, sendPart, {
      signal,
      onBytes,
      stopSource,
      keep: true,
    });
    if (done && done.size !== total) throw changed();
    return done ?? finish(backend, steps, state, [...before, ...parts], options);
  };

  if (start > 0) onBytes?.(start);
  const body = await open(start);
  const sendSource = async (source: Source): Promise<ObjectInfo> => {
    const rest = size === undefined ? undefined : size - start;
    const length = "bytes" in source ? source.bytes.byteLength : source.size;
    // A shorter body is a piece of the object: its whole parts are kept for a later `send`.
    if (rest !== undefined && length !== undefined && length > rest) throw wrongSize(length, rest);
    if ("bytes" in source && length === (rest ?? length))
      return send(
        () => slicesOf(source.bytes, partSize),
        () => {},
      );
    const read = "bytes" in source ? { stream: streamOf(source.bytes) } : source;
    const reader = readerOf({ ...read, size: rest ?? length }, signal);
    const { memory } = steps.plan;
    try {
      const first = await nextPiece(memory, reader, partSize, signal);
      return await send((stop) => piecesOf(memory, reader, first, partSize, stop), reader.cancel);
    } catch (error) {
      await reader.cancel(error);
      throw error;
    }
  };
  const sendBody = async (): Promise<ObjectInfo> => {
    const { source } = toBody(body);
    return reading(source, () => sendSource(source));
  };
  return releasing(body, sendBody());
}

/** Where `send` without `verify` starts; for a completed upload the size of its object. */
export async function offset(
  backend: Backend,
  steps: MultipartBackend,
  state: WorkingState,
  options: CallOptions,
): Promise<number> {
  const { done, row } = await standing(backend, steps, state, options);
  return done ? done.size : row().length * state.partSize;
}

/** The progress of an upload. */
interface Standing {
  /** The object, if the upload is complete. */
  readonly done: ObjectInfo | undefined;
  /** The part of the state with this number, if the store has the same. */
  known(partNumber: number): SentPart | undefined;
  /** The known parts from the first on without a gap, all of full size. */
  row(): SentPart[];
}

async function standing(
  backend: Backend,
  steps: MultipartBackend,
  state: WorkingState,
  { signal }: CallOptions,
): Promise<Standing> {
  const { key, uploadId, partSize } = state;
  const stored = steps.parts && (await steps.parts(key, uploadId, { signal }));
  // If the store does not know the upload, another process may have completed it and died. Then bytes are compared, and
  // none sent.
  const made = stored ? undefined : await steps.completed(key, state, { signal });
  if (made === null && stored === null) throw over();
  const held = stored && new Set(stored.map(nameOf));
  const known = (partNumber: number): SentPart | undefined => {
    const part = state.parts.get(partNumber);
    return part && held?.has(nameOf(part)) !== false ? part : undefined;
  };
  const row = (): SentPart[] => {
    const found: SentPart[] = [];
    for (let part = known(1); part?.size === partSize; part = known(found.length + 1)) found.push(part);
    return found;
  };
  return { done: made ? await finished(backend, key, made, { signal }) : undefined, known, row };
}

/** The error for an upload that no longer exists. */
export function over(): StorageError {
  return new StorageError("not-found", "the upload is over: it was completed or aborted; begin a new one");
}

function changed(): StorageError {
  return new StorageError(
    "conflict",
    "the upload was completed from other bytes than its source has now; upload it anew",
  );
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  return (await sha256Base64(bytes)).slice(0, 16);
}

/** Identifies a part: number, ETag and size. */
function nameOf({ partNumber, etag, size }: StoredPart): string {
  return `${partNumber} ${etag} ${size}`;
}

/** The pieces that are not empty: only an empty object has an empty part. */
async function* filled(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece, void, void> {
  for await (const piece of pieces) {
    if (piece.bytes.byteLength > 0) yield piece;
    else piece.release(true);
  }
}

/** Completes the upload. */
export async function finish(
  backend: Backend,
  steps: MultipartBackend,
  state: WorkingState,
  parts: readonly UploadedPart[],
  { signal }: CallOptions,
): Promise<ObjectInfo> {
  const { key, uploadId, ifMatch, ifNoneMatch, writeId, checksum } = state;
  const made = await steps.complete(key, uploadId, parts, { ifMatch, ifNoneMatch, writeId, checksum, signal });
  return finished(backend, key, made, { signal }, parts);
}

/** Metadata of the completed object. Without the right to read it, what the parts tell. */
async function finished(
  backend: Backend,
  key: Key,
  { etag, versionId }: StoredVersion,
  { signal }: CallOptions,
  parts?: readonly UploadedPart[],
): Promise<ObjectInfo> {
  const size = parts?.reduce((sum, part) => sum + (part.size ?? Number.NaN), 0) ?? Number.NaN;
  const known: StoredInfo | undefined = size >= 0 ? { key, size, etag, versionId } : undefined;
  const info = await backend.head(key, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (!parts) throw cause;
    if (known) return known;
    throw new StorageError("ambiguous", "the upload was completed, but the object cannot be looked at", { cause });
  });
  if (!info)
    throw new StorageError("ambiguous", "the object was written and is gone: another call may have deleted it");
  // The object may have been replaced already: then what is there is not ours.
  if (versionId !== undefined && info.versionId !== undefined && info.versionId !== versionId) {
    if (known) return toInfo(backend, known);
    throw new StorageError("conflict", "the upload was completed, and its object was replaced since");
  }
  // A store that names versions by HEAD alone names the newest, which may have another ETag.
  const own = versionId ?? (info.etag === etag ? info.versionId : undefined);
  return toInfo(backend, { ...info, etag, versionId: own });
}
