/** Cuts a source into pieces of equal size in borrowed memory, and sends several of them as parts at the same time. */
import { whenAborted } from "./abort.ts";
import type { PartPlan, UploadedPart } from "./backend.ts";
import type { MemoryBudget } from "./budget.ts";
import { checkPartNumber } from "./plan.ts";
import type { ByteReader } from "./reader.ts";

/**
 * Length of a stream's first buffer in bytes. It grows fourfold, so that a small object does not take the memory of a
 * whole part.
 */
const FIRST_BUFFER = 64 * 1024;

/** A part in memory. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Gives the memory back; `reusable` says that nothing reads it any more. */
  release(reusable: boolean): void;
}

/** Reads up to `most` bytes, or to the end, into a buffer that has `room` bytes at first. */
export async function nextPiece(
  budget: MemoryBudget,
  reader: ByteReader,
  most: number,
  signal?: AbortSignal,
  room: number = FIRST_BUFFER,
): Promise<Piece> {
  let loan = await budget.take(Math.max(1, Math.min(most, room)), 0, signal);
  try {
    // The buffer may also be full because it was cut to its bytes, since others needed memory.
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

/** The first piece, then the rest of the source in pieces of `partSize`. */
export async function* piecesOf(
  budget: MemoryBudget,
  reader: ByteReader,
  first: Piece,
  partSize: number,
  signal?: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  yield first;
  while (!(await reader.ended())) {
    // A full buffer at once: a source that has filled one part seldom ends, and its bytes are copied only once.
    yield await nextPiece(budget, reader, partSize, signal, partSize);
  }
}

/** Bytes in memory as pieces of `partSize`, at least one. */
export async function* slicesOf(bytes: Uint8Array, partSize: number): AsyncGenerator<Piece, void, void> {
  let at = 0;
  do {
    yield { bytes: bytes.subarray(at, at + partSize), release: () => {} };
    at += partSize;
  } while (at < bytes.byteLength);
}

/** Stores one part. Its signal is also aborted by the first failure of another part. */
export type SendPart = (partNumber: number, bytes: Uint8Array, signal: AbortSignal) => Promise<UploadedPart>;

/**
 * Yields the pieces of a source. Its signal is also aborted by the first failure of a part, so that this does not wait
 * for memory.
 */
export type Pieces = (signal: AbortSignal) => AsyncGenerator<Piece, void, void>;

/** Options of {@link sendParts}. */
export interface Sending {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of further bytes that the store has acknowledged. */
  readonly onBytes?: ((count: number) => void) | undefined;
  /** Stops the source at the first failure, which a stalled source would otherwise hide. */
  readonly stopSource: (reason: unknown) => void;
  /** Whether parts in flight are finished when the source fails: for an upload that is resumed later. Default false. */
  readonly keep?: boolean;
}

/**
 * Sends pieces as parts from number `first` on. Rejects with the first failure, once all parts in flight have ended.
 */
export async function sendParts(
  plan: Pick<PartPlan, "concurrency">,
  first: number,
  pieces: Pieces,
  sendPart: SendPart,
  { signal: caller, onBytes, stopSource, keep = false }: Sending,
): Promise<{ readonly parts: readonly UploadedPart[]; readonly size: number }> {
  // A signal for the parts, aborted by the caller's and by the first failure. Older edge runtimes have no
  // `AbortSignal.any`.
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
      // After a failure the transport may still read the buffer, so it is not reusable.
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
