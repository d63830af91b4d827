/**
 * The driver that the environment chooses by STORAGE_* variables: a folder, S3 or memory.
 *
 * Nothing is read before the first call. So one build can run on a folder and on S3, even if the host runs the factory
 * at build time and writes its options into the build.
 */
import folder from "#folder";
import type { Backend } from "../src/backend.ts";
import { type Driver, toDriver, type WatchableDriver } from "../src/driver.ts";
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

export type { Driver, WatchableDriver } from "../src/driver.ts";
export type { EnvOptions, Environment } from "./env/read.ts";

const OPTIONS: Readonly<Record<string, OptionType>> = {
  ...Object.fromEntries(Object.values(VARIABLES).map((option) => [option, 1] as const)),
  onEvent: "function",
};
/**
 * The most drivers that are remembered: each renewal of a session token makes another one, which in weeks would be
 * many.
 */
const MOST_DRIVERS = 100;
const drivers = new Map<string, WatchableDriver>();
const memories = new Map<string, Driver>();

/**
 * A driver that reads STORAGE_* variables at its first call. Each variable is looked up in the options, then in
 * `process.env`, then in the bindings that a host publishes on Workers; empty values count as unset. A wrong or missing
 * variable, or an unknown option, rejects the call with `invalid-option`, and the next call reads again. `watch`
 * rejects `unsupported` unless the variables choose a folder.
 */
export default function env(options: EnvOptions = {}): WatchableDriver {
  const start = async (): Promise<Backend> => {
    driverOptions(options, OPTIONS);
    return open(await readHost(options), options.onEvent);
  };
  return toDriver({ name: "env", open: start, watch: true, onEvent: options?.onEvent });
}

/**
 * Returns the driver for an environment: `process.env`, the `env` of a Worker, or by default what `env()` would read
 * now. Call it wherever storage is needed: the same values give the same driver, until it is disposed of or a hundred
 * others were requested.
 */
export function getStorage(environment?: Environment): WatchableDriver {
  const values = environment === undefined ? readHostNow() : readEnvironment(environment);
  const configuration = JSON.stringify(values);
  const storage = cached(drivers, configuration, () => {
    const driver = toDriver({ name: "env", open: () => open(values), watch: true });
    const { dispose } = driver;
    return Object.assign(driver, {
      dispose: () => {
        // Later callers get a new driver: the connections of this one are closed.
        if (drivers.get(configuration) === driver) drivers.delete(configuration);
        return dispose();
      },
    });
  });
  // The least recently requested driver is forgotten but not closed: somebody may still use it.
  drivers.delete(configuration);
  drivers.set(configuration, storage);
  if (drivers.size > MOST_DRIVERS) drivers.delete(drivers.keys().next().value as string);
  return storage;
}

/**
 * Opens the backend of the chosen driver. `onEvent` is for the requests of s3: the driver around it reports calls
 * itself.
 */
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

/** Mounts with the same configuration share their objects, as in a folder. So closing one must not delete them. */
async function sharedMemory(options: MemoryOptions): Promise<Backend> {
  const { close: _, ...backend } = await cached(memories, JSON.stringify(options), () => memory(options)).getInstance();
  return backend;
}

function cached<T extends Driver>(cache: Map<string, T>, configuration: string, make: () => T): T {
  const known = cache.get(configuration);
  if (known !== undefined) return known;
  const driver = make();
  cache.set(configuration, driver);
  return driver;
}
