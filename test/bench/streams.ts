/** The streams of the benchmark: one that gives bytes for nothing, and one that takes them. */

const PIECE = 64 * 1024;

/** So many bytes, in pieces that are always the same memory, so that the source adds nothing to what is measured. */
export function source(size: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(PIECE).fill(97);
  let left = size;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left === 0) return controller.close();
        const length = Math.min(left, PIECE);
        left -= length;
        controller.enqueue(length === PIECE ? piece : piece.subarray(0, length));
      },
    },
    { highWaterMark: 0 },
  );
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
