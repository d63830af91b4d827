/** Faults of watch. */
import type { Backend, WatchEvent } from "../../../src/backend.ts";
import type { Fault, Faults } from "./fault.ts";

type Listener = (event: WatchEvent, key: string) => void;

interface Telling {
  /** How often a write and a removal are told. Default 1. */
  readonly updates?: number;
  readonly removes?: number;
  readonly event?: (event: WatchEvent) => WatchEvent;
  readonly key?: (key: string) => string;
  /** What the end of one watch leaves of all. Default: the others. */
  readonly left?: (listeners: Set<Listener>, ended: Listener) => void;
}

/** A backend that tells of its own writes and removals, soundly unless told otherwise. */
const telling =
  ({ updates = 1, removes = 1, event = same, key = same, left = forget }: Telling): Fault =>
  ({ put, delete: remove }): Partial<Backend> => {
    const listeners = new Set<Listener>();
    const tell = (what: WatchEvent, of: string, times: number): void => {
      for (let time = 0; time < times; time++) for (const listener of listeners) listener(event(what), key(of));
    };
    return {
      put: async (of, ...rest) => {
        const info = await put(of, ...rest);
        tell("update", of, updates);
        return info;
      },
      delete: async (of, ...rest) => {
        await remove(of, ...rest);
        tell("remove", of, removes);
      },
      watch: async (listener) => {
        listeners.add(listener);
        return () => left(listeners, listener);
      },
    };
  };

function same<T>(value: T): T {
  return value;
}

function forget(listeners: Set<Listener>, ended: Listener): void {
  listeners.delete(ended);
}

/** One that has no fault: what the cases must let pass. */
export const soundWatch: Fault = telling({});

/** Each tells wrongly in one way. */
export const watchFaults: Faults = {
  "watch tells a write twice": telling({ updates: 2 }),
  "watch tells a removal twice": telling({ removes: 2 }),
  "watch tells no removal": telling({ removes: 0 }),
  "watch calls a removal an update": telling({ event: () => "update" }),
  "watch tells another key": telling({ key: (key) => `/${key}` }),
  "watch goes on when it has ended": telling({ left: () => {} }),
  "watch ends for all": telling({ left: (listeners) => listeners.clear() }),
  "watch does nothing where it is not supported": () => ({ watch: async () => () => {} }),
};
