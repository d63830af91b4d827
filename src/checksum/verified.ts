/** A stream whose bytes must have a checksum. It is part of each algorithm, so that a driver without any does not carry it. */
import { locate, type Place, StorageError } from "../error.ts";
import type { Hasher } from "./algorithm.ts";

/** The same bytes; errors `corrupt` at the end when they do not have the value that was announced. */
export function verified(
  name: string,
  hasher: Hasher,
  stream: ReadableStream<Uint8Array>,
  expected: string,
  place?: Place,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (!done) {
          await hasher.update(value);
          return controller.enqueue(value);
        }
        if ((await hasher.digest()) === expected) return controller.close();
        const message = `the bytes do not have the ${name} that was announced`;
        const error = new StorageError("corrupt", message, { retryable: true });
        throw place ? locate(error, place) : error;
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
