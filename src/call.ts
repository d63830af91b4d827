/** The frame around every verb: looks at names and signal, opens the backend, places errors, reports the event. */
import type { Backend, RequestOptions, StoredObject } from "./backend.ts";
import { locate, type Place, type StorageError } from "./error.ts";
import { notify, type OnEvent } from "./event.ts";
import type { ObjectInfo } from "./interface.ts";
import { knownOptions, requestHeaders } from "./options.ts";
import { optionsOf, type Verb } from "./verbs.ts";
import { watched } from "./watched.ts";

/** What `toDriver` needs to know before the backend exists. */
export interface DriverSpec {
  /** As it stands in errors and events: `s3`. */
  readonly name: string;
  /** Makes the backend, once, at the first call; what it throws rejects that call, and the next call tries again. */
  readonly open: () => Backend | Promise<Backend>;
  /** Whether the backend can `watch`, which unstorage must know beforehand. */
  readonly watch?: boolean | undefined;
  /** Makes the key-value verb `clear` reject `denied`. */
  readonly noClear?: boolean | undefined;
  /** Called after every call, request and body; see `StorageEvent`. */
  readonly onEvent?: OnEvent | undefined;
}

/** Puts a download's body under observation; absent without an observer. */
export type Watch = ((stored: StoredObject) => StoredObject) | undefined;

/** Runs one verb over the backend. */
export type Caller = <T>(
  operation: Verb,
  key: string | undefined,
  options: RequestOptions | undefined,
  run: (backend: Backend, place: Place, watch: Watch) => T | Promise<T>,
) => Promise<T>;

/** The backend when it is there: opened at most once at a time, opened again after a failure and after its release. */
export function opener({ name, open }: DriverSpec): {
  get(): Promise<Backend>;
  release(): Promise<Backend> | undefined;
} {
  let opened: Promise<Backend> | undefined;
  return {
    get() {
      if (!opened) {
        const attempt = Promise.resolve()
          .then(open)
          .catch((error: unknown) => {
            // Not the caller's input: whoever set the driver up is at fault, and an answer to a client must not blame it.
            throw locate(error, { operation: "open", driver: name });
          });
        opened = attempt;
        attempt.catch(() => {
          if (opened === attempt) opened = undefined;
        });
      }
      return opened;
    },
    release() {
      const released = opened;
      opened = undefined;
      return released;
    },
  };
}

const nothing = (): void => {};

/** The frame for all verbs of one driver. */
export function caller({ name: driver, onEvent }: DriverSpec, backend: () => Promise<Backend>): Caller {
  return async (operation, key, options, run) => {
    const started = onEvent ? performance.now() : 0;
    const report = (aborted: boolean, error?: StorageError, made?: unknown): void => {
      if (!onEvent) return;
      const duration = performance.now() - started;
      const { size, etag } = (made ?? {}) as Partial<ObjectInfo>;
      notify(onEvent, { type: "call", driver, operation, key, duration, size, etag, error, aborted });
    };
    const signal = options?.signal;
    const place = { operation, driver, key };
    try {
      if (options !== undefined) knownOptions(options, optionsOf(operation));
      signal?.throwIfAborted();
      if (options?.headers !== undefined) requestHeaders(options.headers);
      let heed = nothing;
      const watch: Watch =
        onEvent &&
        ((stored) => {
          const [object, listen] = watched(stored, driver, onEvent, signal);
          heed = listen;
          return object;
        });
      const result = await run(await backend(), place, watch);
      report(false, undefined, result);
      heed();
      return result;
    } catch (error) {
      // An abort rejects with the signal's own reason, as fetch does, whatever the driver made of it.
      if (signal?.aborted) {
        report(true);
        throw signal.reason;
      }
      const located = locate(error, place);
      report(false, located);
      throw located;
    }
  };
}
