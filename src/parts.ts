/** Any source as pieces of equal size in borrowed memory, sent as parts, several at a time. */
import { whenAborted } from "./abort.ts";
import type { PartPlan, UploadedPart } from "./backend.ts";
import type { MemoryBudget } from "./budget.ts";
import { checkPartNumber } from "./plan.ts";
import type { ByteReader } from "./reader.ts";

/** Bytes of the first buffer of a stream; it grows fourfold, so that a small object does not hold a whole part. */
const FIRST_BUFFER = 64 * 1024;

/** A part in memory, and how to let it go; `reusable` says that nothing reads it any more. */
export interface Piece {
  readonly bytes: Uint8Array;
  release(reusable: boolean): void;
}

/** As much as fits into one part, or all that there is, in a buffer of `room` bytes at first. */
export async function nextPiece(
  budget: MemoryBudget,
  reader: ByteReader,
  most: number,
  signal?: AbortSignal,
  room: number = FIRST_BUFFER,
): Promise<Piece> {
  let loan = await budget.take(Math.max(1, Math.min(most, room)), 0, signal);
  try {
    // Full may also mean cut to its bytes, since others needed the room.
    while ((await reader.fill(loan)) === loan.buffer.byteLength && loan.end < most && !(await reader.ended())) {
      const { end } = budget.seal(loan);
      const larger = await budget.take(Math.min(most, Math.max(FIRST_BUFFER, end * 4)), end, signal);
      larger.buffer.set(loan.buffer);
      larger.end = loan.end;
      budget.give(loan, true);
      loan = larger;
    }
    const { buffer, end } = budget.seal(loan);
    return { bytes: buffer.subarray(0, end), release: (reusable) => budget.give(loan, reusable) };
  } catch (error) {
    budget.give(loan, true);
    throw error;
  }
}

/** The first piece, then what is left of the source in pieces of `partSize`. */
export async function* piecesOf(
  budget: MemoryBudget,
  reader: ByteReader,
  first: Piece,
  partSize: number,
  signal?: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  yield first;
  while (!(await reader.ended())) {
    // Whole from the start: a source that has filled a part seldom stops, and its bytes are copied once.
    yield await nextPiece(budget, reader, partSize, signal, partSize);
  }
}

/** Bytes that are in memory anyway, as pieces of `partSize`, at least one. */
export async function* slicesOf(bytes: Uint8Array, partSize: number): AsyncGenerator<Piece, void, void> {
  let at = 0;
  do {
    yield { bytes: bytes.subarray(at, at + partSize), release: () => {} };
    at += partSize;
  } while (at < bytes.byteLength);
}

/** Stores one part; its signal also stops with the first failure of another. */
export type SendPart = (partNumber: number, bytes: Uint8Array, signal: AbortSignal) => Promise<UploadedPart>;

/** The pieces of a source; its signal also stops with the first failure of a part, which must not wait for memory. */
export type Pieces = (signal: AbortSignal) => AsyncGenerator<Piece, void, void>;

/** Who is told of what while parts are sent. */
export interface Sending {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of further bytes that the store has. */
  readonly onBytes?: ((count: number) => void) | undefined;
  /** Stops the source at the first failure: one that gives nothing for long must not hide it. */
  readonly stopSource: (reason: unknown) => void;
  /** Whether parts that are on their way come to their end when the source fails: for an upload that goes on later. Default false. */
  readonly keep?: boolean;
}

/** Sends pieces as parts from number `first` on; rejects with the first failure when all that were under way have ended. */
export async function sendParts(
  plan: Pick<PartPlan, "concurrency">,
  first: number,
  pieces: Pieces,
  sendPart: SendPart,
  { signal: caller, onBytes, stopSource, keep = false }: Sending,
): Promise<{ readonly parts: readonly UploadedPart[]; readonly size: number }> {
  // Our own signal: the first failure stops the parts that are on their way, as the caller's does. Older edge runtimes have no `AbortSignal.any`.
  const stop = new AbortController();
  const { signal } = stop;
  const release = whenAborted(caller, (reason) => stop.abort(reason));
  const parts: UploadedPart[] = [];
  const flying = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let size = 0;
  let next = first;

  const fail = (error: unknown): void => {
    if (failure) return;
    failure = { error };
    stop.abort(error);
    stopSource(error);
  };
  const send = async (partNumber: number, piece: Piece): Promise<void> => {
    let sent = false;
    try {
      checkPartNumber(partNumber, piece.bytes.byteLength);
      parts.push(await sendPart(partNumber, piece.bytes, signal));
      sent = true;
      onBytes?.(piece.bytes.byteLength);
    } catch (error) {
      fail(error);
    } finally {
      // After a failure the socket may still read the buffer.
      piece.release(sent);
    }
  };

  try {
    for await (const piece of pieces(signal)) {
      size += piece.bytes.byteLength;
      const flight = send(next++, piece);
      flying.add(flight);
      void flight.then(() => flying.delete(flight));
      if (flying.size >= plan.concurrency) await Promise.race(flying);
      if (failure) break;
    }
  } catch (error) {
    if (keep) failure ??= { error };
    else fail(error);
  }
  await Promise.all(flying);
  release();
  if (failure) throw failure.error;
  caller?.throwIfAborted();
  return { parts: parts.sort((a, b) => a.partNumber - b.partNumber), size };
}
