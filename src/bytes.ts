/** A stream that is read by lines and lengths. */

/** What is read of a stream. */
export interface Readable {
  getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;
}

/** The bytes of a stream, one after the other. */
export interface Bytes {
  /** Some bytes, at most so many; null at the end. */
  some(most: number): Promise<Uint8Array | null>;
  /** A line without its end, CRLF; null where the stream ends before it, or where it is longer than `most` bytes. */
  line(most: number): Promise<string | null>;
  /** The bytes before a mark, piece by piece, and the mark taken; the generator returns whether it was met. */
  before(mark: Uint8Array): AsyncGenerator<Uint8Array, boolean, void>;
  /** Lets go of the rest. */
  cancel(reason?: unknown): Promise<void>;
}

const CRLF: Uint8Array = /* @__PURE__ */ Uint8Array.of(13, 10);

/** Reads a stream, which may be absent: then it has no bytes. */
export function bytesOf(stream: Readable | null): Bytes {
  const reader = stream?.getReader();
  let held: Uint8Array = new Uint8Array();
  let ended = reader === undefined;

  async function more(): Promise<boolean> {
    if (ended || !reader) return false;
    const { done, value } = await reader.read();
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
        const at = indexOf(held, CRLF);
        if (at > most || (at < 0 && held.byteLength > most + 1)) return null;
        if (at >= 0) {
          const line = new TextDecoder().decode(take(at));
          take(CRLF.byteLength);
          return line;
        }
        if (!(await more())) return null;
      }
    },
    async *before(mark) {
      for (;;) {
        const at = indexOf(held, mark);
        if (at > 0) yield take(at);
        if (at >= 0) {
          take(mark.byteLength);
          return true;
        }
        // The last bytes may be the first of the mark.
        const sure = held.byteLength - mark.byteLength + 1;
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

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.byteLength + b.byteLength);
  all.set(a);
  all.set(b, a.byteLength);
  return all;
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  const first = mark[0] as number;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + mark.byteLength > bytes.byteLength) return -1;
    let length = 1;
    while (length < mark.byteLength && bytes[at + length] === mark[length]) length++;
    if (length === mark.byteLength) return at;
  }
  return -1;
}
