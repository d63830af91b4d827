/**
 * Finds the driver behind an unstorage Storage. `getMount` cannot: on a view of `prefixStorage` it ignores the prefix,
 * and gives the driver of the root. So the question is sent like any call: unstorage passes options on by reference,
 * and the driver that receives them writes its answer into them.
 */
import type { ObjectStore } from "./interface.ts";
import type { KvOptions } from "./unstorage.ts";

const LOOKUP = Symbol.for("unbucket.lookup");

/** The question; `found` is the answer: the driver, and the key that has reached it, relative to its mount. */
export interface Lookup {
  found?: { readonly driver: ObjectStore; readonly key: string };
}

/** Options that carry a lookup to a driver. */
export function lookupOptions(lookup: Lookup): object {
  return { [LOOKUP]: lookup };
}

/** Answers the lookup in a call's options; false if there is none. */
export function answerLookup(options: KvOptions | undefined, driver: ObjectStore, key: string): boolean {
  const lookup = (options as { [LOOKUP]?: Lookup } | undefined)?.[LOOKUP];
  if (!lookup) return false;
  lookup.found = { driver, key };
  return true;
}
