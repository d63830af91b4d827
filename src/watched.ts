/** A download's body under observation: only where there is an observer, so that it costs nothing without. */
import type { StoredObject } from "./backend.ts";
import { type OnEvent, notify } from "./event.ts";

/** The same object, whose body reports its end as a `body` event. */
export function watched(stored: StoredObject, driver: string, observer: OnEvent, signal?: AbortSignal): StoredObject {
  const started = performance.now();
  const reader = stored.body.getReader();
  let bytes = 0;
  const report = (aborted: boolean, error?: unknown): void => {
    const duration = performance.now() - started;
    const { key } = stored.info;
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
  return { ...stored, body, next: undefined };
}
