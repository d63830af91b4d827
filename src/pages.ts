/** The one loop over pages: makes an iterable of entries out of a function that loads a page. */
import { StorageError } from "./error.ts";
import type { ListEntry, ObjectEntry, ObjectList, Page } from "./listing.ts";

/** The default and the maximum number of entries in a page: what every S3 server can return. */
export const PAGE_LIMIT = 1000;

/**
 * Returns a check that throws `corrupt` if cursors repeat, since the listing would never end. It compares each with one
 * that is replaced after 1, 2, 4, 8 ... steps, which finds a cycle of any length (Brent's algorithm).
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

/**
 * The cursor of the next page; undefined at the end. Throws `corrupt` if there is more but no cursor, which would look
 * complete.
 */
export function following(truncated: boolean | undefined, cursor: string | undefined): string | undefined {
  if (truncated && !cursor) throw new StorageError("corrupt", "the store says that its list goes on, but not where");
  return (truncated !== false && cursor) || undefined;
}

/** Loads the page at a cursor. Within one iteration that is always the next page. */
export type Load = (cursor: string | undefined) => Promise<Page>;

/**
 * A listing from a cursor on. `begin` starts an iteration and returns what loads its pages. The type is that of a
 * listing without a delimiter; with one there are prefixes among the entries, as the overload of `list` says.
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
