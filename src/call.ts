/** The frame around every verb: checks the names and types of options, opens the backend, locates errors, reports events. */
import type { Backend, RequestOptions, StoredObject } from "./backend.ts";
import { locate, type Place, type StorageError } from "./error.ts";
import { notify, type OnEvent } from "./event.ts";
import type { ObjectInfo } from "./interface.ts";
import { knownOptions, requestHeaders } from "./options.ts";
import { optionsOf, type Verb } from "./verbs.ts";
import { watched } from "./watched.ts";

/** What `toDriver` is given to make a driver. */
export interface DriverSpec {
  /** Name of the driver in errors and events, such as `s3`. */
  readonly name: string;
  /** Makes the backend, at the first call. What it throws rejects that call, and the next call tries again. */
  readonly open: () => Backend | Promise<Backend>;
  /** Whether the driver has the verb `watch`; unstorage needs to know before the backend is opened. Default false. */
  readonly watch?: boolean | undefined;
  /** Makes the key-value verb `clear` reject `denied`. Default false. */
  readonly noClear?: boolean | undefined;
  /** Called after every call, request and body, see `StorageEvent`. What it throws is ignored. */
  readonly onEvent?: OnEvent | undefined;
}

/** Makes the body of a download report its end; undefined when there is no `onEvent`. */
export type Watch = ((stored: StoredObject) => StoredObject) | undefined;

/** Runs one verb over the backend. */
export type Caller = <T>(
  operation: Verb,
  key: string | undefined,
  options: RequestOptions | undefined,
  run: (backend: Backend, place: Place, watch: Watch) => T | Promise<T>,
) => Promise<T>;

/** Opens the backend once, and again after a failure or a release. */
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
            // The operation `open` tells that the driver's options are wrong, not those of the call: no client is to be
            // blamed.
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

/** The frame of all verbs of one driver. */
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
      // As with fetch an abort rejects with the signal's own reason, whatever the driver has thrown.
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
