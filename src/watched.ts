/** A download's body under observation: only where there is an observer, so that it costs nothing without. */
import { whenAborted } from "./abort.ts";
import type { StoredObject } from "./backend.ts";
import { type OnEvent, notify } from "./event.ts";

/**
 * The same object, whose body reports its end as a `body` event; and what has it heed the signal, once its call is told: by then its
 * store may have let it go, and who waits for somebody to read it would wait for ever.
 */
export function watched(
  stored: StoredObject,
  driver: string,
  observer: OnEvent,
  signal?: AbortSignal,
): readonly [object: StoredObject, heed: () => void] {
  const started = performance.now();
  const reader = stored.body.getReader();
  const { key } = stored.info;
  let bytes = 0;
  let over = false;
  let release = (): void => {};
  const report = (aborted: boolean, error?: unknown): void => {
    if (over) return;
    over = true;
    release();
    const duration = performance.now() - started;
    notify(observer, { type: "body", driver, operation: "download", key, duration, bytes, aborted, error });
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            bytes += value.byteLength;
            return controller.enqueue(value);
          }
          controller.close();
          report(false);
        } catch (error) {
          report(signal?.aborted === true, signal?.aborted ? undefined : error);
          throw error;
        }
      },
      cancel(reason) {
        report(true);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const heed = (): void => {
    if (!over) release = whenAborted(signal, () => report(true));
  };
  return [{ ...stored, body, next: undefined }, heed];
}
