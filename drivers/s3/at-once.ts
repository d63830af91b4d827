/** Answers that are read whole, or given up: documents, and what nobody wants. */
import { collect } from "../../src/collect.ts";
import { StorageError } from "../../src/error.ts";
import type { Pieces } from "./transport.ts";

/** Milliseconds by which a timer is late at least where the process was stopped: a busy one may be late as well. */
export const STOPPED = 1000;

/**
 * All bytes, at most `most`, in at most so many milliseconds, 0 for no limit: the one between two pieces alone lets an answer last
 * for days of which a byte comes now and then. Rejects `corrupt` and `timeout`; whatever fails, the rest is let go.
 */
export async function atOnce(pieces: Pieces, most: number, milliseconds: number): Promise<Uint8Array<ArrayBuffer>> {
  let began = milliseconds && performance.now();
  let end = began + milliseconds;
  const next = (): Promise<Uint8Array | null> => {
    const now = milliseconds && performance.now();
    // No piece takes so long: the process was stopped, and what has come meanwhile is no later for it.
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
