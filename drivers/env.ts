/**
 * The driver that the environment chooses: a folder, S3 or memory, by STORAGE_* variables.
 *
 * Nothing is read before the first call, so that a host which runs the factory at build time, or writes its options into the
 * build, freezes nothing: one build runs on a folder and on S3.
 */
import folder from "#folder";
import type { Backend } from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import type { OnEvent } from "../src/event.ts";
import { driverOptions, type OptionType } from "../src/options.ts";
import {
  type EnvOptions,
  type Environment,
  readEnvironment,
  readHost,
  readHostNow,
  type Values,
  VARIABLES,
} from "./env/read.ts";
import { toSettings } from "./env/settings.ts";
import memory, { type MemoryOptions } from "./memory.ts";
import s3 from "./s3.ts";

export type { Driver } from "../src/driver.ts";
export type { EnvOptions, Environment } from "./env/read.ts";

const OPTIONS: Readonly<Record<string, OptionType>> = {
  ...Object.fromEntries(Object.values(VARIABLES).map((option) => [option, 1] as const)),
  onEvent: "function",
};
/** Drivers that are remembered: in a process that runs for weeks, each renewal of a session token makes another one. */
const MOST_DRIVERS = 100;
const drivers = new Map<string, Driver>();
const memories = new Map<string, Driver>();

/**
 * A driver that reads its variables at the first call: from the options, else from `process.env`, else from the bindings that
 * a host publishes on Workers, each variable for itself. Empty values count as unset. A wrong or missing variable, or an option
 * that there is not, rejects the first call with `invalid-option`; variables are read again at the next. `watch` rejects
 * `unsupported` unless they choose a folder.
 */
export default function env(options: EnvOptions = {}): Driver {
  const start = async (): Promise<Backend> => {
    driverOptions(options, OPTIONS);
    return open(await readHost(options), options.onEvent);
  };
  return toDriver({ name: "env", open: start, watch: true, onEvent: options?.onEvent });
}

/**
 * The driver for an environment: `process.env`, the `env` of a Worker, or without an argument what {@link env} would read now.
 * The same values give the same driver until it is disposed of, or a hundred others were asked for since, so that this can be called
 * wherever storage is needed.
 */
export function getStorage(environment?: Environment): Driver {
  const values = environment === undefined ? readHostNow() : readEnvironment(environment);
  const configuration = JSON.stringify(values);
  const storage = cached(drivers, configuration, () => {
    const driver = toDriver({ name: "env", open: () => open(values), watch: true });
    const { dispose } = driver;
    return Object.assign(driver, {
      dispose: () => {
        // Who asks after that gets a new one: this one's connections are closed.
        if (drivers.get(configuration) === driver) drivers.delete(configuration);
        return dispose();
      },
    });
  });
  // The one that was asked for longest ago is forgotten, not ended: somebody may still have it.
  drivers.delete(configuration);
  drivers.set(configuration, storage);
  if (drivers.size > MOST_DRIVERS) drivers.delete(drivers.keys().next().value as string);
  return storage;
}

/** The observer is for what the chosen driver alone sees: its requests. */
async function open(values: Values, onEvent?: OnEvent): Promise<Backend> {
  const settings = toSettings(values);
  switch (settings.backend) {
    case "local":
      return folder(settings.options).getInstance();
    case "s3":
      return s3({ ...settings.options, ...(onEvent && { onEvent }) }).getInstance();
    case "memory":
      return sharedMemory(settings.options);
  }
}

/** Two mounts of one configuration see the same objects, as in a folder, and neither takes them along when it closes. */
async function sharedMemory(options: MemoryOptions): Promise<Backend> {
  const { close: _, ...backend } = await cached(memories, JSON.stringify(options), () => memory(options)).getInstance();
  return backend;
}

function cached(cache: Map<string, Driver>, configuration: string, make: () => Driver): Driver {
  const known = cache.get(configuration);
  if (known !== undefined) return known;
  const driver = make();
  cache.set(configuration, driver);
  return driver;
}
