/** The one loop over pages: from a function that gives a page to an iterable of entries. */
import { StorageError } from "./error.ts";
import type { ListEntry, ObjectEntry, ObjectList, Page } from "./listing.ts";

/** Entries in one page when the caller does not say, and at most: what every S3 server gives. */
export const PAGE_LIMIT = 1000;

/**
 * Rejects `corrupt` for a cursor that came before: a store that repeats itself would be listed for ever. Held against one that is
 * replaced ever more seldom, which finds a circle of any length (Brent's way).
 */
export function advancing(): (cursor: string | undefined) => void {
  let held: string | undefined;
  let steps = 0;
  return (cursor) => {
    if (cursor !== undefined && cursor === held)
      throw new StorageError("corrupt", "the store gave the same cursor twice: the listing would never end");
    if ((steps & (steps - 1)) === 0) held = cursor;
    steps++;
  };
}

/** Where a list goes on; undefined at its end. Rejects `corrupt` when it goes on nowhere, since it would look complete. */
export function following(truncated: boolean | undefined, cursor: string | undefined): string | undefined {
  if (truncated && !cursor) throw new StorageError("corrupt", "the store says that its list goes on, but not where");
  return (truncated !== false && cursor) || undefined;
}

/** Gives the page that starts at a cursor: within one iteration always the one where the page before ended. */
export type Load = (cursor: string | undefined) => Promise<Page>;

/**
 * A listing from the first cursor on; `begin` gives what loads the pages of one iteration, and may keep its place in them. Its type has
 * objects alone, as `list` without a delimiter gives it; with one prefixes are among them, which `list` then says.
 */
export function listing(begin: () => Load, first: string | undefined): ObjectList<ObjectEntry> {
  async function* pages(): AsyncGenerator<Page, void, void> {
    const load = begin();
    let cursor = first;
    const advance = advancing();
    advance(cursor);
    do {
      const page: Page = await load(cursor);
      advance(page.cursor);
      yield page;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
  async function* entries(): AsyncGenerator<ListEntry, void, void> {
    for await (const page of pages()) {
      yield* page.objects;
      for (const prefix of page.prefixes) yield { prefix };
    }
  }
  return { pages, [Symbol.asyncIterator]: entries as () => AsyncGenerator<ObjectEntry, void, void> };
}
