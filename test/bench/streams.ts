/** The streams of the benchmark: one that gives bytes for nothing, and one that takes them. */

const PIECE = 64 * 1024;
/** What moves to and from a file at once. */
export const FILE_PIECE: number = 256 * 1024;

/** So many bytes, in pieces that are always the same memory, so that the source adds nothing to what is measured. */
export function source(size: number, pieceSize: number = PIECE): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(pieceSize).fill(97);
  let left = size;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left === 0) return controller.close();
        const length = Math.min(left, pieceSize);
        left -= length;
        controller.enqueue(length === pieceSize ? piece : piece.subarray(0, length));
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads to the end into one buffer and counts. */
export async function drainInto(stream: ReadableStream<Uint8Array>, size: number): Promise<number> {
  const reader = stream.getReader({ mode: "byob" });
  let length = 0;
  let read = await reader.read(new Uint8Array(size));
  while (!read.done) {
    length += read.value.byteLength;
    read = await reader.read(new Uint8Array(read.value.buffer));
  }
  return length;
}

/** Reads to the end and counts. */
export async function drain(stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | null): Promise<number> {
  let length = 0;
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) length += read.value.byteLength;
  } else if (stream) {
    for await (const piece of stream) length += piece.byteLength;
  }
  return length;
}
