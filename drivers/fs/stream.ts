/** The bytes of an open file as a stream that owns the descriptor. */
import { whenAborted } from "../../src/abort.ts";
import type { GetOptions, StoredObject } from "../../src/backend.ts";
import { locate, StorageError } from "../../src/error.ts";
import { Forgotten } from "../../src/forgotten.ts";
import { fromErrno, staleIfAbsent } from "./errno.ts";
import type { File } from "./file.ts";

/** What is read at a time: large enough that calls are few, small enough that many readers take little memory. */
export const CHUNK_BYTES: number = 256 * 1024;

/**
 * The bytes from `start` up to `end`. The file is closed at their end, on cancel, on abort and on error; an error says of what it is. A small
 * body is read here, which saves its reader a round trip; and by `next` it comes without a stream, which would cost as much as the reading.
 */
export async function bodyOf(
  file: File,
  start: number,
  end: number,
  options: Pick<GetOptions, "signal" | "place">,
): Promise<Pick<StoredObject, "body" | "next">> {
  if (end - start > CHUNK_BYTES) return { body: lazily(file, start, end, options) };
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.byteLength;) at += await readInto(file, bytes.subarray(at), start + at);
  await file.close();
  let left: Uint8Array | null = bytes;
  let stream: ReadableStream<Uint8Array> | undefined;
  return {
    get body() {
      return (stream ??= streamOf(bytes));
    },
    next: async () => {
      const next = left;
      left = null;
      return next;
    },
  };
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/**
 * Closes the file of a body that nobody read to its end or cancelled, once nobody can reach it. `finish` is held weakly: it leads to the
 * signal, and from there to all that listens to that, such as the body itself.
 */
const forgotten = new Forgotten<Held>(([file, finish]) => void (finish.deref()?.() ?? file.close()).catch(() => {}));

type Held = readonly [File, WeakRef<() => Promise<void>>];

function lazily(
  file: File,
  start: number,
  end: number,
  { signal, place }: Pick<GetOptions, "signal" | "place">,
): ReadableStream<Uint8Array> {
  let at = start;
  let over = false;
  let reading: Promise<unknown> = Promise.resolve();

  /** Closes once, and never under a read that the system is still doing. */
  async function finish(): Promise<void> {
    if (over) return;
    over = true;
    forgotten.unwatch(held);
    release();
    await reading.catch(() => {});
    await file.close();
  }
  let release = (): void => {};
  const held: Held = [file, new WeakRef(finish)];

  const source: UnderlyingByteSource = {
    type: "bytes",
    autoAllocateChunkSize: CHUNK_BYTES,
    start(controller) {
      // The signal may live as long as the process, and must not keep the body in reach for as long.
      const reader = new WeakRef(controller);
      release = whenAborted(signal, (reason) => {
        reader.deref()?.error(reason);
        void finish().catch(() => {});
      });
    },
    async pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!request || !view) return;
      const target = new Uint8Array(view.buffer, view.byteOffset, Math.min(view.byteLength, end - at));
      const read = readInto(file, target, at);
      reading = read;
      let count: number;
      try {
        count = await read;
      } catch (error) {
        if (over) return;
        await finish();
        throw place ? locate(error, place) : error;
      }
      if (over) return;
      at += count;
      request.respond(count);
      if (at < end) return;
      controller.close();
      // Else a second read that waits would not be settled.
      controller.byobRequest?.respond(0);
      await finish();
    },
    cancel: finish,
  };
  const stream = new ReadableStream(source, { highWaterMark: 0 });
  if (!over) forgotten.watch(stream, held);
  return stream;
}

/** Reads some bytes. A file that has none there was cut since it was opened. */
async function readInto(file: File, target: Uint8Array, position: number): Promise<number> {
  let count: number;
  try {
    count = await file.read(target, position);
  } catch (error) {
    throw fromErrno(staleIfAbsent(error));
  }
  if (count === 0)
    throw new StorageError(
      "corrupt",
      `the file was cut to ${position} bytes while it was read; another program changes it in place`,
    );
  return count;
}
