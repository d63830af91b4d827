/** Reads a stream by lines, lengths and marks. */
import { brokenOff } from "./error.ts";

/** The part of a ReadableStream that is used. */
export interface Readable {
  getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel"> & { releaseLock?(): void };
}

/** A reader of bytes. */
export interface Bytes {
  /** Reads some bytes, at most `most`; null at the end. */
  some(most: number): Promise<Uint8Array | null>;
  /**
   * Reads a line up to CRLF, which is dropped; null if the stream ends first, if it has more than `most` bytes, or is
   * not UTF-8.
   */
  line(most: number): Promise<string | null>;
  /** Yields the bytes before a mark and drops the mark; returns false if the stream ends without one. */
  before(mark: Uint8Array): AsyncGenerator<Uint8Array, boolean, void>;
  /** Cancels the rest. */
  cancel(reason?: unknown): Promise<void>;
}

const CRLF: Uint8Array = /* @__PURE__ */ Uint8Array.of(13, 10);

const endOfLine = /* @__PURE__ */ finderOf(CRLF);

/** A reader of a stream; null is an empty one. */
export function bytesOf(stream: Readable | null): Bytes {
  const reader = stream?.getReader();
  let held: Uint8Array = new Uint8Array();
  let ended = reader === undefined;

  async function more(): Promise<boolean> {
    if (ended || !reader) return false;
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) ended = true;
    else held = held.byteLength === 0 ? value : joined(held, value);
    return !done;
  }

  /** Takes up to `count` of the held bytes. */
  function take(count: number): Uint8Array {
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  }

  return {
    async some(most) {
      while (held.byteLength === 0) if (!(await more())) return null;
      return take(most);
    },
    async line(most) {
      for (;;) {
        const at = endOfLine(held);
        if (at > most || (at < 0 && held.byteLength > most + 1)) return null;
        if (at >= 0) {
          const line = take(at);
          take(CRLF.byteLength);
          return utf8([line]);
        }
        if (!(await more())) return null;
      }
    },
    async *before(mark) {
      const indexOf = finderOf(mark);
      for (;;) {
        const at = indexOf(held);
        if (at > 0) yield take(at);
        if (at >= 0) {
          take(mark.byteLength);
          return true;
        }
        // Holds back only bytes at the end that may be the beginning of the mark. Mostly there are none, which saves a
        // copy.
        const first = held.indexOf(mark[0] as number, Math.max(0, held.byteLength - mark.byteLength + 1));
        const sure = first < 0 ? held.byteLength : first;
        if (sure > 0) yield take(sure);
        if (!(await more())) {
          if (held.byteLength > 0) yield take(held.byteLength);
          return false;
        }
      }
    },
    cancel: async (reason) => reader?.cancel(reason),
  };
}

/**
 * Decodes UTF-8 and keeps a byte order mark; null for invalid bytes, since replacement characters would make another
 * text.
 */
export function utf8(pieces: readonly Uint8Array[]): string | null {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
  } catch {
    return null;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.byteLength + b.byteLength);
  all.set(a);
  all.set(b, a.byteLength);
  return all;
}

/**
 * Finds a mark by the Horspool algorithm, which skips bytes. It is linear if the first byte of the mark occurs in it
 * only once.
 * @see https://en.wikipedia.org/wiki/Boyer%E2%80%93Moore%E2%80%93Horspool_algorithm
 */
function finderOf(mark: Uint8Array): (bytes: Uint8Array) => number {
  const { length } = mark;
  const steps = new Uint32Array(256).fill(length);
  for (let at = 0; at < length - 1; at++) steps[mark[at] as number] = length - 1 - at;
  return (bytes) => {
    for (let at = 0; at + length <= bytes.length; at += steps[bytes[at + length - 1] as number] as number) {
      let same = 0;
      while (same < length && bytes[at + same] === mark[same]) same++;
      if (same === length) return at;
    }
    return -1;
  };
}
