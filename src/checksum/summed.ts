/** Hashes the bytes of a stream as they pass. */
import { letGo } from "../reader.ts";
import type { Hasher } from "./algorithm.ts";

/**
 * The same bytes. Before the stream ends, `atEnd` is given their checksum; if it throws, the stream errors instead of
 * ending.
 */
export function summed(
  hasher: Hasher,
  stream: ReadableStream<Uint8Array>,
  atEnd: (value: string) => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (done) {
          atEnd(await hasher.digest());
          return controller.close();
        }
        try {
          await hasher.update(value);
        } catch (error) {
          await letGo(reader, error);
          throw error;
        }
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
