/** Bytes that come piece by piece, in one buffer. */

/**
 * All bytes that `next` gives until it gives null, or null when they are more than `most`. The buffer has the announced length,
 * which may be wrong, as where a runtime decodes an object that is stored compressed: then it grows. Pieces are copied at once, but
 * for one that is all: `own` says that their memory is the reader's.
 */
export async function collect(
  next: () => Promise<Uint8Array | null>,
  announced: number,
  most: number,
  own = false,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let buffer = new Uint8Array();
  let length = 0;
  for (let piece = await next(); piece; piece = await next()) {
    const end = length + piece.byteLength;
    if (end > most) return null;
    if (own && length === 0 && end === announced && isWhole(piece)) {
      buffer = piece;
    } else {
      if (end > buffer.byteLength) {
        const larger = room(Math.min(most, announced), Math.min(most, Math.max(end, buffer.byteLength * 2)));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(piece, length);
    }
    length = end;
  }
  return length === buffer.byteLength ? buffer : buffer.slice(0, length);
}

/** Whether a piece is all of its memory, and nothing that does other things, such as a Buffer. */
function isWhole(piece: Uint8Array): piece is Uint8Array<ArrayBuffer> {
  return piece.constructor === Uint8Array && piece.byteLength === piece.buffer.byteLength;
}

/** New memory: as much as was announced, if that is enough and a runtime has it; most likely no such body is to come else. */
function room(announced: number, least: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(Math.max(announced, least));
  } catch {
    return new Uint8Array(least);
  }
}
