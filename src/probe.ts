/**
 * How a driver is found behind an unstorage Storage. `prefixStorage` hides its prefix and answers `getMount` with the root's
 * driver, so the question goes the way every call goes: options travel by reference, and the driver at the end fills them in.
 */
import type { ObjectStore } from "./interface.ts";
import type { KvOptions } from "./unstorage.ts";

const PROBE = Symbol.for("unbucket.probe");

/** What a driver fills in: itself, and the key as it reached it, relative to its mount. */
export interface Probe {
  found?: { readonly driver: ObjectStore; readonly key: string };
}

/** Options that carry a probe. */
export function probeOptions(probe: Probe): object {
  return { [PROBE]: probe };
}

/** Answers a probe that came with a call's options; false when there was none. */
export function answerProbe(options: KvOptions | undefined, driver: ObjectStore, key: string): boolean {
  const probe = (options as { [PROBE]?: Probe } | undefined)?.[PROBE];
  if (!probe) return false;
  probe.found = { driver, key };
  return true;
}
