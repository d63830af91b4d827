/** Test data: bytes in which any shift, swap or repetition shows, and streams of them. */

/** Reproducible pseudo-random bytes. */
export function noise(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** A well-formed ETag of no object. */
export const OTHER = '"0123456789abcdef0123456789abcdef"';

/** Encodes text as UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Cuts bytes into pieces of these sizes, in rotation. */
export function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.slice(at, at + size);
    at += size;
  }
}

/** A stream that tells how it ended. */
export interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** Settles when the stream was read to its end, failed or was cancelled. */
  readonly over: Promise<"read" | "failed" | "cancelled">;
}

/** What a source does after its chunks: end, fail with an error, or call a function and stall for ever. */
export type Ending = { readonly fail: unknown } | { readonly hang: () => void } | "end";

/** A stream over chunks, pulled one by one. */
export function source(chunks: Iterable<Uint8Array>, ending: Ending = "end", type?: "bytes"): Source {
  const iterator = chunks[Symbol.iterator]();
  let settle!: (value: "read" | "failed" | "cancelled") => void;
  const over = new Promise<"read" | "failed" | "cancelled">((resolve) => (settle = resolve));
  const pull = (
    controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController,
  ): Promise<void> | void => {
    const { done, value } = iterator.next();
    if (!done) return controller.enqueue(value as Uint8Array<ArrayBuffer>);
    if (ending === "end") {
      controller.close();
      // A pending BYOB read of a byte stream settles only when its request is answered.
      if ("byobRequest" in controller) controller.byobRequest?.respond(0);
      return settle("read");
    }
    if ("fail" in ending) {
      controller.error(ending.fail);
      return settle("failed");
    }
    ending.hang();
    return new Promise(() => {});
  };
  const cancel = (): void => settle("cancelled");
  // WebKit has no byte streams.
  const stream =
    type && "ReadableByteStreamController" in globalThis
      ? new ReadableStream({ type, pull, cancel })
      : new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
  return { stream, over };
}

/** An async iterable that is not a stream. */
export async function* iterate<T>(chunks: Iterable<T>): AsyncGenerator<T> {
  yield* chunks;
}

/** All bytes of a stream. */
export async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
