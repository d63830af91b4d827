/** Collects bytes that come piece by piece into one buffer. */
import { StorageError } from "./error.ts";

/**
 * Calls `next` until it returns null, and returns all bytes, or null if there are more than `most`. The buffer first
 * has the `announced` length, and grows if that is too small, for example where a runtime decompresses a body. Rejects
 * `too-large` if the runtime cannot make so large a buffer. On failure the caller must cancel what `next` reads.
 */
export async function collect(
  next: () => Promise<Uint8Array | null>,
  announced: number,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let buffer: Uint8Array<ArrayBuffer>;
  try {
    buffer = new Uint8Array(Math.min(announced, most));
  } catch {
    // The announced length exceeds any buffer, so most likely it is wrong.
    buffer = new Uint8Array();
  }
  let length = 0;
  for (let piece = await next(); piece; piece = await next()) {
    const end = length + piece.byteLength;
    if (end > most) return null;
    if (end > buffer.byteLength) {
      const larger = bufferOf(Math.min(most, Math.max(end, buffer.byteLength * 2)));
      larger.set(buffer.subarray(0, length));
      buffer = larger;
    }
    buffer.set(piece, length);
    length = end;
  }
  return length === buffer.byteLength ? buffer : buffer.slice(0, length);
}

function bufferOf(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    const why = `${length} bytes are more than one buffer can hold here: read the body as a stream`;
    throw new StorageError("too-large", why, { cause });
  }
}
