/** Writing the bytes of a body to a file. */
import type { PutOptions, Source } from "../../src/backend.ts";
import { readerOf } from "../../src/reader.ts";
import { onDisk } from "./errno.ts";
import type { File } from "./file.ts";

/** What may end the writing, and who is told how far it is. */
export type WriteOptions = Pick<PutOptions, "signal" | "onBytes">;

/** How many bytes of small pieces are written in one go. */
const GATHER_BYTES = 256 * 1024;
/** How many bytes of one piece, until the signal is asked again. */
const STEP_BYTES = 4 * GATHER_BYTES;

/** Writes a source from its start to its end. On failure a stream is cancelled, and nothing is being written any more. */
export function writeSource(file: File, source: Source, options: WriteOptions): Promise<void> {
  return "bytes" in source ? writeBytes(file, source.bytes, options) : writeStream(file, source, options);
}

async function writeBytes(file: File, bytes: Uint8Array, options: WriteOptions): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += STEP_BYTES) {
    options.signal?.throwIfAborted();
    await writeAll(file, bytes.subarray(at, at + STEP_BYTES), options);
  }
}

/**
 * Gathers small pieces, which may have 4 KiB, and reads on while the system writes. A large one is written as it is, before the next is
 * asked for: its memory may be the source's, to be used again.
 */
async function writeStream(
  file: File,
  source: Extract<Source, { stream: unknown }>,
  options: WriteOptions,
): Promise<void> {
  const reader = readerOf(source, options.signal);
  // One byte more than declared, so that a body of that size is known to have ended.
  const room = Math.min(GATHER_BYTES, (source.size ?? GATHER_BYTES) + 1);
  let [filling, spare] = [new Uint8Array(room), new Uint8Array(0)];
  let filled = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    for (let piece = await reader.next(); piece; piece = await reader.next()) {
      if (filled === 0 && piece.byteLength >= GATHER_BYTES) {
        await writing;
        await writeAll(file, piece, options);
        continue;
      }
      for (let at = 0; at < piece.byteLength;) {
        const part = piece.subarray(at, at + room - filled);
        filling.set(part, filled);
        at += part.byteLength;
        filled += part.byteLength;
        if (filled < room) break;
        await writing;
        writing = writeAll(file, filling, options);
        // Ends the wait for a source that has stalled, so that the failure is told.
        writing.catch((failed: unknown) => reader.cancel(failed));
        [filling, spare] = [spare.byteLength > 0 ? spare : new Uint8Array(room), filling];
        filled = 0;
      }
    }
    await writing;
    await writeAll(file, filling.subarray(0, filled), options);
  } catch (error) {
    // The write has ended before the caller closes the file.
    const cause = await writing.then(() => error).catch((failed: unknown) => failed);
    await reader.cancel(cause);
    throw cause;
  }
}

/** Writes all of the bytes, in as many steps as the system makes of them. */
export async function writeAll(file: File, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const count = await onDisk(() => file.write(bytes, at));
    at += count;
    options.onBytes?.(count);
  }
}
