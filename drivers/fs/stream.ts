/** The bytes of an open file as a stream that owns the descriptor. */
import type { FileHandle } from "node:fs/promises";
import type { GetOptions } from "../../src/backend.ts";
import { locate, StorageError } from "../../src/error.ts";
import { fromErrno } from "./errno.ts";
import { readAt } from "./host.ts";

/** Large enough that the calls cost little, small enough that many readers cost little. */
const PIECE_BYTES = 256 * 1024;

/**
 * A stream of the bytes from `start` up to `end`. It closes the file at its end, on cancel, on abort and on error, which says
 * where it happened; a short range is read at once, which saves its reader a round trip.
 */
export async function streamOf(
  handle: FileHandle,
  start: number,
  end: number,
  options: Pick<GetOptions, "signal" | "place">,
): Promise<ReadableStream<Uint8Array>> {
  if (end - start <= PIECE_BYTES) {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.byteLength;) at += await readInto(handle, bytes.subarray(at), start + at);
    await handle.close();
    return new ReadableStream({
      type: "bytes",
      start(controller) {
        if (bytes.byteLength > 0) controller.enqueue(bytes);
        controller.close();
      },
    });
  }
  return lazily(handle, start, end, options);
}

/** Closes the file of a body that nobody read to its end or cancelled, once it is out of everybody's reach. */
const forgotten = new FinalizationRegistry<FileHandle>((handle) => void handle.close().catch(() => {}));

function lazily(
  handle: FileHandle,
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
    forgotten.unregister(source);
    signal?.removeEventListener("abort", onAbort);
    await reading.catch(() => {});
    await handle.close();
  }
  let onAbort: () => void = () => {};

  const source: UnderlyingByteSource = {
    type: "bytes",
    autoAllocateChunkSize: PIECE_BYTES,
    start(controller) {
      onAbort = () => {
        controller.error(signal?.reason);
        void finish().catch(() => {});
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller) {
      const request = controller.byobRequest;
      const view = request?.view;
      if (!request || !view) return;
      const target = new Uint8Array(view.buffer, view.byteOffset, Math.min(view.byteLength, end - at));
      const read = readInto(handle, target, at);
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
      // A second read that waits is only settled so.
      controller.byobRequest?.respond(0);
      await finish();
    },
    cancel: finish,
  };
  const stream = new ReadableStream(source, { highWaterMark: 0 });
  forgotten.register(stream, handle, source);
  return stream;
}

/** Reads some bytes; a file that ends before them has been cut since it was opened. */
async function readInto(handle: FileHandle, target: Uint8Array, position: number): Promise<number> {
  let bytesRead: number;
  try {
    bytesRead = await readAt(handle, target, position);
  } catch (error) {
    throw fromErrno(error);
  }
  if (bytesRead === 0)
    throw new StorageError(
      "corrupt",
      `the file was cut to ${position} bytes while it was read; another program changes it in place`,
    );
  return bytesRead;
}
