/** Going on with an upload: what the store holds already is compared with the source, and the rest is sent. */
import { sha256Base64 } from "#digest";
import type {
  Backend,
  CallOptions,
  Key,
  MultipartBackend,
  Source,
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

/** A state that grows, part by number. */
export interface WorkingState extends Omit<UploadState, "parts"> {
  readonly key: Key;
  readonly parts: Map<number, SentPart>;
}

/** A state from outside, checked; an id alone is a state in which nothing is known to be sent. */
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
  // Else they would be too many for the store, and for the memory of who presigns them.
  if (size !== undefined && partSizeFor(partSize, wholeNumber("size", size)) !== partSize) throw odd("size");
  return { key, uploadId, partSize, size, writeId, checksum, ...checkConditions(rest), parts: new Map(sent) };
}

/** Parts from outside, checked, ascending. */
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

/** What no state has, and nobody but a state says. */
function odd(name: string): StorageError {
  return refuse(name, "must be as state() gave it");
}

/** What stores name things by is plain and short. */
function checkText(name: string, text: unknown): void {
  if (text !== undefined && (typeof text !== "string" || !/^[ -~]{1,4096}$/.test(text))) throw odd(name);
}

/** Sends what the store does not hold, and completes. */
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
      // Of no place: what fails is this call, and no download.
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
    // A shorter one is a piece, of which the whole parts are kept.
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

/** The first byte that `send` without `verify` asks for; of an upload that is complete the size of its object. */
export async function offset(
  backend: Backend,
  steps: MultipartBackend,
  state: WorkingState,
  options: CallOptions,
): Promise<number> {
  const { done, row } = await standing(backend, steps, state, options);
  return done ? done.size : row().length * state.partSize;
}

/** How far an upload is. */
interface Standing {
  /** The object, where the upload has become one. */
  readonly done: ObjectInfo | undefined;
  /** A part that the state names, if the store holds it so. */
  known(partNumber: number): SentPart | undefined;
  /** Those of them that stand in a row from the beginning, each of a whole part. */
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
  // Completed by a process that did not live to hear of it? Then its bytes are compared, and none are sent.
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

/** The failure of a call for an upload that the store knows no more. */
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

/** What a part is recognised by in the store. */
function nameOf({ partNumber, etag, size }: StoredPart): string {
  return `${partNumber} ${etag} ${size}`;
}

/** Only an object of no bytes has a part of none. */
async function* filled(pieces: AsyncGenerator<Piece>): AsyncGenerator<Piece, void, void> {
  for await (const piece of pieces) {
    if (piece.bytes.byteLength > 0) yield piece;
    else piece.release(true);
  }
}

/** Makes the object out of its parts. */
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

/** What is known of the object that an upload made: for who may not look at it, what its parts tell. */
async function finished(
  backend: Backend,
  key: Key,
  { etag, versionId }: StoredVersion,
  { signal }: CallOptions,
  parts?: readonly UploadedPart[],
): Promise<ObjectInfo> {
  const info = await backend.head(key, { signal }).catch((cause: unknown) => {
    signal?.throwIfAborted();
    if (!parts) throw cause;
    const size = parts.reduce((sum, part) => sum + (part.size ?? Number.NaN), 0);
    if (size >= 0) return { key, size, etag, versionId };
    throw new StorageError("ambiguous", "the upload was completed, but the object cannot be looked at", { cause });
  });
  // What is there may be a newer version already, whose id is not ours.
  if (info)
    return toInfo(backend, {
      ...info,
      etag,
      versionId: versionId ?? (info.etag === etag ? info.versionId : undefined),
    });
  throw new StorageError("ambiguous", "the object was written and is gone: another call may have deleted it");
}
