/** A stream that is read by lines and lengths. */
import { brokenOff } from "./error.ts";

/** What is read of a stream. */
export interface Readable {
  getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel"> & { releaseLock?(): void };
}

/** The bytes of a stream, one after the other. */
export interface Bytes {
  /** Some bytes, at most so many; null at the end. */
  some(most: number): Promise<Uint8Array | null>;
  /** A line without its end, CRLF; null where the stream ends before it, where it is longer than `most` bytes, and where it is not UTF-8. */
  line(most: number): Promise<string | null>;
  /** The bytes before a mark, piece by piece, and the mark taken; the generator returns whether it was met. */
  before(mark: Uint8Array): AsyncGenerator<Uint8Array, boolean, void>;
  /** Lets go of the rest. */
  cancel(reason?: unknown): Promise<void>;
}

const CRLF: Uint8Array = /* @__PURE__ */ Uint8Array.of(13, 10);

const endOfLine = /* @__PURE__ */ finderOf(CRLF);

/** Reads a stream, which may be absent: then it has no bytes. */
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

  /** Takes so many of the bytes that are held. */
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
        // The last bytes may be the first of the mark. Where they are not, nothing is held, and the next bytes are not copied.
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

/** Bytes as the text that they are in UTF-8, a byte order mark with it; null where they are none: what else could be made of them is another text. */
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
 * Finds a mark by steps of its length where its last byte is not met (Horspool), which is linear where the mark has its first byte once.
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
