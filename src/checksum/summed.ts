/** A stream whose bytes are hashed on their way. */
import { letGo } from "../reader.ts";
import type { Hasher } from "./algorithm.ts";

/** The same bytes. `atEnd` is given their value before the stream ends; what it throws, the stream errors with in place of its end. */
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
