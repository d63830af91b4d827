/** Reports the end of a download's body. Used only if there is an `onEvent`, so that it costs nothing without. */
import { whenAborted } from "./abort.ts";
import type { StoredObject } from "./backend.ts";
import { type OnEvent, notify } from "./event.ts";
import { Forgotten } from "./forgotten.ts";

/** Reports bodies that were dropped without being read to their end. */
const forgotten = /* @__PURE__ */ new Forgotten<{ readonly end: () => void }>(({ end }) => end());

/**
 * The same object with a body that reports its end as a `body` event. Call `heed` once the event of the call is
 * reported: from then on an abort is reported too, even if nobody reads the body.
 */
export function watched(
  stored: StoredObject,
  driver: string,
  observer: OnEvent,
  signal?: AbortSignal,
): readonly [object: StoredObject, heed: () => void] {
  const started = performance.now();
  const { key } = stored.info;
  let bytes = 0;
  let over = false;
  let release = (): void => {};
  const report = (aborted: boolean, error?: unknown): void => {
    if (over) return;
    over = true;
    release();
    forgotten.unwatch(held);
    const duration = performance.now() - started;
    notify(observer, { type: "body", driver, operation: "download", key, duration, bytes, aborted, error });
  };
  const held = { end: () => report(true) };
  const body = passing(stored.body.getReader(), signal, (length) => void (bytes += length), report);
  forgotten.watch(body, held);
  const heed = (): void => {
    if (!over) release = whenAborted(signal, () => report(true));
  };
  return [{ ...stored, body, next: undefined }, heed];
}

/**
 * The stream of a reader. A function of its own, so that the signal, which may live long, does not keep the reader in
 * memory.
 */
function passing(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
  count: (bytes: number) => void,
  report: (aborted: boolean, error?: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            count(value.byteLength);
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
}
