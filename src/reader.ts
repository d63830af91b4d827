/**
 * Reads a source piece by piece or into buffers; checks its length, can be cancelled, and uses BYOB reads where
 * possible.
 */
import { whenAborted } from "./abort.ts";
import type { Source } from "./backend.ts";
import { checkWhole, toChunk, wrongSize } from "./body.ts";
import { brokenOff } from "./error.ts";

/**
 * A buffer with bytes up to `end`. While the source is awaited it may be replaced by another buffer with the same
 * bytes.
 */
export interface Filling {
  readonly buffer: Uint8Array;
  end: number;
}

/** Reads the bytes of a source in order. */
export interface ByteReader {
  /** Fills the buffer, and returns the new `end`. If the buffer is not full, the source has ended. */
  fill(into: Filling): Promise<number>;
  /** Reads the next piece, of any size; null at the end. The piece is valid until the next call. */
  next(): Promise<Uint8Array | null>;
  /** Whether the source has ended. Reads one piece ahead to find out. */
  ended(): Promise<boolean>;
  /** Cancels and unlocks the source. Never rejects, and does not wait for the source to settle. */
  cancel(reason?: unknown): Promise<void>;
}

/** Bytes of a BYOB read. On workerd a default reader gives 4 KiB pieces; with this size it reads at full speed. */
export const BYOB_BYTES: number = 256 * 1024;

type Read = () => Promise<{ readonly done: boolean; readonly value?: unknown }>;

/**
 * A reader of a stream. Rejects `interrupted` if it fails or is cut, `invalid-option` for a wrong size, on abort as the
 * signal says.
 */
export function readerOf(source: Extract<Source, { stream: unknown }>, signal?: AbortSignal): ByteReader {
  const [reader, read] = open(source.stream);
  let rest: Uint8Array | undefined;
  let done = false;
  let total = 0;
  const cancel = async (reason?: unknown): Promise<void> => {
    release();
    const running = !done;
    done = true;
    if (running) await letGo(reader, reason);
    reader.releaseLock();
  };
  // Cancelling settles a pending read, which no signal would.
  let release = (): void => {};
  release = whenAborted(signal, (reason) => void cancel(reason));

  async function advance(): Promise<void> {
    const result = await read().catch(brokenOff);
    signal?.throwIfAborted();
    if (result.done) {
      done = true;
      release();
      checkWhole(total, source);
      return;
    }
    const chunk = toChunk(result.value);
    total += chunk.byteLength;
    if (source.size !== undefined && total > source.size) throw wrongSize(`at least ${total}`, source.size);
    if (chunk.byteLength > 0) rest = chunk;
  }

  async function ended(): Promise<boolean> {
    signal?.throwIfAborted();
    while (rest === undefined && !done) await advance();
    return rest === undefined;
  }

  return {
    async fill(into) {
      while (into.end < into.buffer.byteLength && !(await ended())) {
        const piece = rest as Uint8Array;
        const count = Math.min(piece.byteLength, into.buffer.byteLength - into.end);
        into.buffer.set(count < piece.byteLength ? piece.subarray(0, count) : piece, into.end);
        rest = count < piece.byteLength ? piece.subarray(count) : undefined;
        into.end += count;
      }
      return into.end;
    },
    async next() {
      if (await ended()) return null;
      const piece = rest as Uint8Array;
      rest = undefined;
      return piece;
    },
    ended,
    cancel,
  };
}

/** The timer of the moment when this module was loaded. Test runners may replace it by a fake one, before or after. */
const timerAtLoad = setTimeout;

/**
 * Cancels in a later turn of the event loop. If a body that Node has made of a socket is cancelled in the turn in which
 * it was made or read, Node throws where nothing can catch it, which ends the process.
 * @see https://github.com/nodejs/node/blob/v24.x/lib/internal/webstreams/adapters.js `onData` enqueues unasked
 */
export function letGo(stream: { cancel(reason?: unknown): Promise<void> }, reason: unknown): Promise<void> {
  return new Promise((told) => {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      stream.cancel(reason).catch(() => {});
      told();
    };
    timerAtLoad(end, 0);
    if (setTimeout !== timerAtLoad) setTimeout(end, 0);
  });
}

/** Cancels a stream that is not needed. A locked one is left to its reader. */
export async function abandon(stream: ReadableStream<Uint8Array>, reason: unknown): Promise<void> {
  if (!stream.locked) await letGo(stream, reason);
}

/**
 * Readers with a pending read. Otherwise Chromium garbage-collects the stream of a Blob together with the pending read
 * and all who wait for it, so that an upload of a file would never end.
 */
const reading = /* @__PURE__ */ new Set<ReadableStreamBYOBReader>();

function open(stream: ReadableStream<Uint8Array>): [Pick<ReadableStreamBYOBReader, "cancel" | "releaseLock">, Read] {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = stream.getReader({ mode: "byob" });
  } catch {
    const reader = stream.getReader();
    return [reader, () => reader.read()];
  }
  let scratch = new ArrayBuffer(BYOB_BYTES);
  return [
    byob,
    async () => {
      reading.add(byob);
      const { done, value } = await byob.read(new Uint8Array(scratch)).finally(() => reading.delete(byob));
      // The read has transferred the buffer: this is the same memory in a new object.
      if (value) scratch = value.buffer;
      return { done, value };
    },
  ];
}
