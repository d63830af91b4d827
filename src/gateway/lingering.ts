/** Bodies that are refused before their end. */

/** What is read of a stream. */
export interface Source {
  getReader(): Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;
}

/** What is still read, of bodies that were cancelled. */
const rests = new WeakMap<ReadableStream, Promise<void>>();

/** Bytes that are read on at most. */
const MAX_REST = 64 * 1024 * 1024;

/**
 * A body that is read on for a while, by itself and into nothing, where its reader cancels it: servers close the connection of a body
 * that is cancelled, and a client that still sends then sees no answer.
 */
export function lingering(body: ReadableStream<Uint8Array> | null): Source | null {
  if (body === null) return null;
  return {
    getReader() {
      const reader = body.getReader();
      const rest = async (reason: unknown): Promise<void> => {
        for (let left = MAX_REST; left > 0;) {
          const { done, value } = await reader.read();
          if (done) return;
          left -= value.byteLength;
        }
        await reader.cancel(reason);
      };
      return {
        read: () => reader.read(),
        // The answer waits for none of it; a client that is gone needs none.
        cancel: async (reason) =>
          void rests.set(
            body,
            rest(reason).catch(() => {}),
          ),
      };
    },
  };
}

/** Waits until a body is read on, or read at all, that was refused. */
export async function readOn(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null) return;
  if (!body.locked) await lingering(body)?.getReader().cancel();
  await rests.get(body);
}
