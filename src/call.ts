/** The frame around every verb: looks at names and signal, opens the backend, places errors, reports the event. */
import type { Backend, CallOptions } from "./backend.ts";
import { locate, type Place, type StorageError } from "./error.ts";
import type { OnEvent } from "./event.ts";
import { knownOptions, VERB_OPTIONS } from "./options.ts";

/** What `toDriver` needs to know before the backend exists. */
export interface DriverSpec {
  /** As it stands in errors and events: `s3`. */
  readonly name: string;
  /** Makes the backend, once, at the first call; what it throws rejects that call, and the next call tries again. */
  readonly open: () => Backend | Promise<Backend>;
  /** Whether the backend can `watch`, which unstorage must know beforehand. */
  readonly watch?: boolean;
  /** Makes the key-value verb `clear` reject `denied`. */
  readonly noClear?: boolean;
  readonly onEvent?: OnEvent | undefined;
}

/** Runs one verb over the backend. */
export type Caller = <T>(
  operation: string,
  key: string | undefined,
  options: CallOptions | undefined,
  run: (backend: Backend, place: Place) => T | Promise<T>,
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

/** The frame for all verbs of one driver. */
export function caller(spec: DriverSpec, backend: () => Promise<Backend>): Caller {
  return async (operation, key, options, run) => {
    const started = spec.onEvent ? performance.now() : 0;
    const report = (aborted: boolean, error?: StorageError): void => {
      if (!spec.onEvent) return;
      try {
        const duration = performance.now() - started;
        spec.onEvent({
          driver: spec.name,
          operation,
          duration,
          aborted,
          key,
          error,
        });
      } catch {
        // An observer must not change what it observes.
      }
    };
    const signal = options?.signal;
    const place = { operation, driver: spec.name, key };
    try {
      signal?.throwIfAborted();
      if (options !== undefined) knownOptions(options, VERB_OPTIONS);
      const result = await run(await backend(), place);
      report(false);
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
