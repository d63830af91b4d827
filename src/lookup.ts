/**
 * How a driver is found behind an unstorage Storage. `prefixStorage` hides its prefix and answers `getMount` with the root's
 * driver, so the question goes the way every call goes: options travel by reference, and the driver at the end fills them in.
 */
import type { ObjectStore } from "./interface.ts";
import type { KvOptions } from "./unstorage.ts";

const LOOKUP = Symbol.for("unbucket.lookup");

/** What a driver fills in: itself, and the key as it reached it, relative to its mount. */
export interface Lookup {
  found?: { readonly driver: ObjectStore; readonly key: string };
}

/** Options that carry a lookup. */
export function lookupOptions(lookup: Lookup): object {
  return { [LOOKUP]: lookup };
}

/** Answers a lookup that came with a call's options; false when there was none. */
export function answerLookup(options: KvOptions | undefined, driver: ObjectStore, key: string): boolean {
  const lookup = (options as { [LOOKUP]?: Lookup } | undefined)?.[LOOKUP];
  if (!lookup) return false;
  lookup.found = { driver, key };
  return true;
}
