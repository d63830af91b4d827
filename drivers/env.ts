/**
 * The driver that the environment chooses: a folder, S3 or memory, by STORAGE_* variables.
 *
 * Nothing is read before the first call, so that a host which runs the factory at build time, or writes its options into the
 * build, freezes nothing: one build runs on a folder and on S3.
 */
import folder from "#folder";
import type { Backend } from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import { type EnvOptions, type Environment, readEnvironment, readHost, readHostNow, type Values } from "./env/read.ts";
import { type Settings, toSettings } from "./env/settings.ts";
import memory from "./memory.ts";
import s3 from "./s3.ts";

export type { Driver } from "../src/driver.ts";
export type { EnvOptions, Environment } from "./env/read.ts";

const drivers = new Map<string, Driver>();
const memories = new Map<string, Driver>();

/**
 * A driver that reads its variables at the first call: from the options, else from `process.env`, else from the bindings that
 * a host publishes on Workers, each variable for itself. Empty values count as unset. A wrong or missing variable rejects the
 * first call with `invalid-option` and is read again at the next.
 */
export default function env(options: EnvOptions = {}): Driver {
  return toDriver({ name: "env", open: async () => open(await readHost(options)) });
}

/**
 * The driver for an environment: `process.env`, the `env` of a Worker, or without an argument what {@link env} would read now.
 * The same values give the same driver for the life of the process, so that it can be called wherever storage is needed.
 */
export function getStorage(environment?: Environment): Driver {
  const values = environment === undefined ? readHostNow() : readEnvironment(environment);
  return cached(drivers, JSON.stringify(values), () => toDriver({ name: "env", open: () => open(values) }));
}

function open(values: Values): Promise<Backend> {
  return choose(toSettings(values)).getInstance();
}

function choose(settings: Settings): Driver {
  switch (settings.backend) {
    case "local":
      return folder(settings.options);
    case "s3":
      return s3(settings.options);
    case "memory":
      // Two mounts of one configuration must see the same objects, as they would in a folder.
      return cached(memories, JSON.stringify(settings.options), () => memory(settings.options));
  }
}

function cached(cache: Map<string, Driver>, configuration: string, make: () => Driver): Driver {
  const known = cache.get(configuration);
  if (known !== undefined) return known;
  const driver = make();
  cache.set(configuration, driver);
  return driver;
}
