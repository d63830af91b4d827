/** Bytes that come piece by piece, in one buffer. */
import { StorageError } from "./error.ts";

/**
 * All bytes that `next` gives until it gives null, or null when they are more than `most`. The buffer has the announced length,
 * which may be wrong, as where a runtime decodes an object that is stored compressed: then it grows. Pieces are copied at once. Rejects
 * `too-large` where the runtime has no buffer of that length; whatever it rejects with, who reads the pieces lets go of the rest.
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
    // No runtime has a buffer of that length: most likely no such body is to come.
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
