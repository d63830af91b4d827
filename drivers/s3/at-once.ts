/** Answers that are read whole: documents, and small bodies that nobody wants. */
import { collect } from "../../src/collect.ts";
import { StorageError } from "../../src/error.ts";
import type { Pieces } from "./transport.ts";

/** A timer that is late by more milliseconds than this is taken for a sign that the process was stopped, though a busy one may be as late. */
export const STOPPED = 1000;

/**
 * All bytes, in so many milliseconds as a whole (0: no limit): the limit between two pieces alone would let an answer last for days of which
 * a byte comes now and then. Rejects `corrupt` when there are more than `most`, and `timeout`; whatever fails, the rest is let go.
 */
export async function atOnce(pieces: Pieces, most: number, milliseconds: number): Promise<Uint8Array<ArrayBuffer>> {
  let began = milliseconds && performance.now();
  let end = began + milliseconds;
  const next = (): Promise<Uint8Array | null> => {
    const now = milliseconds && performance.now();
    // No piece may take longer than all together, so the process was stopped meanwhile: the time begins anew.
    if (now - began > milliseconds + STOPPED) end = now + milliseconds;
    began = now;
    if (!milliseconds || now < end) return pieces.next(true);
    throw new StorageError("timeout", "the store did not answer in time");
  };
  try {
    const bytes = await collect(next, 0, most);
    if (bytes) return bytes;
    throw new StorageError("corrupt", "the store's answer is too large");
  } catch (error) {
    pieces.cancel(error);
    throw error;
  }
}
