/** Compares two listings by key. */
import type { ListedObject } from "../backend.ts";
import { compareKeys } from "../key.ts";
import type { ObjectList } from "../listing.ts";

/** An object of the source, and that of the target with the same key. */
export interface Pair {
  readonly source: ListedObject;
  readonly found: ListedObject | undefined;
}

/**
 * Every object of the first listing, with that of the second under the same key. Both are read once, page by page,
 * since they are in the order of keys. If a store sorts otherwise, an object may seem to be missing, which a
 * conditional write detects.
 */
export async function* pairsOf(sources: ObjectList, present: ObjectList): AsyncGenerator<Pair, void, void> {
  const others = objectsOf(present);
  try {
    let other = await others.next();
    for await (const source of objectsOf(sources)) {
      while (!other.done && compareKeys(other.value.key, source.key) < 0) other = await others.next();
      yield { source, found: !other.done && other.value.key === source.key ? other.value : undefined };
    }
  } finally {
    await others.return();
  }
}

async function* objectsOf(list: ObjectList): AsyncGenerator<ListedObject, void, void> {
  for await (const { objects } of list.pages()) yield* objects;
}
