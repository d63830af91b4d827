/** Reads a source piece by piece into buffers, counting, cancellable, with BYOB where the stream allows it. */
import { whenAborted } from "./abort.ts";
import type { Source } from "./backend.ts";
import { checkWhole, toChunk, wrongSize } from "./body.ts";
import { brokenOff } from "./error.ts";

/** A buffer with bytes up to `end`. It may be replaced by one with the same bytes while the source is waited for. */
export interface Filling {
  readonly buffer: Uint8Array;
  end: number;
}

/** Reads bytes in order and never more than are asked for. */
export interface ByteReader {
  /** Fills the buffer as far as the source lasts; gives where the bytes end. Short means: the source is done. */
  fill(into: Filling): Promise<number>;
  /** The next piece in the size in which it comes, or null at the end. Valid until the next call. */
  next(): Promise<Uint8Array | null>;
  /** Whether the source has ended; reads one piece ahead to know. */
  ended(): Promise<boolean>;
  /** Tells the source that nobody reads on, and unlocks it. Never rejects, and waits until it was told, not until it answers. */
  cancel(reason?: unknown): Promise<void>;
}

/** Large enough that workerd, whose default reader gives 4 KiB pieces, reads at full speed. */
export const BYOB_BYTES: number = 256 * 1024;

type Read = () => Promise<{ readonly done: boolean; readonly value?: unknown }>;

/** A reader over a stream. Rejects `interrupted` when the stream fails or is cut, with the signal's reason, or `invalid-option` on a wrong size. */
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
  // Cancelling settles a read that is pending, which no signal reaches otherwise.
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

/** The one of the moment in which this was loaded: test runners replace it by one that stands still, before or afterwards. */
const first = setTimeout;

/**
 * Cancels in a turn of its own: a body that Node made of a socket throws out of nobody's reach, and ends the process, when it
 * is cancelled in the turn in which it was made or read.
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
    first(end, 0);
    if (setTimeout !== first) setTimeout(end, 0);
  });
}

/** Cancels a stream that nobody reads on; one that is locked has been cancelled by its reader. */
export async function abandon(stream: ReadableStream<Uint8Array>, reason: unknown): Promise<void> {
  if (!stream.locked) await letGo(stream, reason);
}

/**
 * Readers whose read is under way. Chromium forgets the stream of a Blob, the read and whoever waits for it when nothing that
 * lives refers to them: an upload of a file that a page awaits would never end.
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
      // The runtime moved the memory: what comes back is the same buffer under a new name.
      if (value) scratch = value.buffer;
      return { done, value };
    },
  ];
}
