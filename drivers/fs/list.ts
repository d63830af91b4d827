/** Pages of a listing. */
import { Buffer } from "node:buffer";
import type { ListedObject, ListPage, ListPageOptions } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { gone, type FolderIdentity, lookAtBase, mustStay } from "./base.ts";
import { lookAtAll } from "./look.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";
import { seekFrom, type Position, type Seek } from "./seek.ts";
import { walk, type Walked } from "./walk.ts";

type Item = { readonly walked: Walked; readonly info?: ListedObject } | { readonly prefix: string };

/** An iteration under way, in memory alone. */
interface Iteration {
  readonly seek: Seek;
  readonly keys: AsyncGenerator<Walked, void, void>;
  /** What the base was when it began. */
  base: FolderIdentity | null;
  /** Items that were met beyond the last page. */
  ahead: readonly Item[];
  /** The cursor of the last page. */
  cursor?: string | undefined;
}

/**
 * Gives pages of objects and prefixes in UTF-8 byte order. The next page of an iteration goes on where that stands; any other begins at its
 * cursor, and reads the folders that lead there.
 */
export function lister(root: Root, settings: Settings): (options: ListPageOptions) => Promise<ListPage> {
  const iterations = new WeakMap<object, Iteration>();

  function begin({ prefix, delimiter, cursor, startAfter }: ListPageOptions): Iteration {
    const group = delimiter && startAfter && groupOf(startAfter, prefix, delimiter);
    const start = startAfter === undefined ? undefined : { after: group || startAfter, within: !!group };
    const seek = seekFrom(cursor === undefined ? start : parseCursor(cursor, prefix));
    return { seek, keys: walk({ root, prefix, ignore: settings.ignore, seek }), base: null, ahead: [] };
  }

  return async (options) => {
    const { cursor, iteration: id = {} } = options;
    const kept = iterations.get(id);
    // Should this page fail, the next one begins at its cursor.
    iterations.delete(id);
    const iteration = kept && kept.cursor === cursor ? kept : begin(options);
    // Learns the base's nature. It does not tell whether a base that was seen before is still there.
    const exists = await root.exists();
    if (iteration !== kept) iteration.base = exists ? await lookAtBase(root) : null;
    if (!iteration.base) {
      // The folder that gave the cursor is gone.
      if (cursor !== undefined) throw gone();
      return { objects: [], prefixes: [] };
    }
    const page = await nextPage(root, iteration, options);
    if (page.cursor !== undefined) iterations.set(id, iteration);
    // Only at the end, to which a folder that goes away leads at once, since nothing more is found in it.
    else await mustStay(root, iteration.base);
    return page;
  };
}

/** Takes a page from an iteration, which then stands behind it. */
async function nextPage(
  root: Root,
  iteration: Iteration,
  { prefix, delimiter, limit, signal }: ListPageOptions,
): Promise<ListPage> {
  let items = [...iteration.ahead];
  // One item more than the page holds tells whether there is a next page.
  for (let over = false; !over && items.length <= limit;) {
    while (items.length <= limit) {
      signal?.throwIfAborted();
      const next = await iteration.keys.next();
      if (next.done) {
        over = true;
        break;
      }
      const group = delimiter && groupOf(next.value.key, prefix, delimiter);
      if (group) iteration.seek.move({ after: group, within: true });
      items.push(group ? { prefix: group } : { walked: next.value });
    }
    items = await lookedAt(root, items, signal);
  }
  const page = items.slice(0, limit);
  // What is known of these now may be wrong when they are given.
  iteration.ahead = items.slice(limit).map((item) => ("prefix" in item ? item : { walked: item.walked }));
  const last = page.at(-1);
  iteration.cursor = last && iteration.ahead.length > 0 ? toCursor(last) : undefined;
  return {
    objects: page.flatMap((item) => ("walked" in item && item.info ? [item.info] : [])),
    prefixes: page.flatMap((item) => ("prefix" in item ? [item.prefix] : [])),
    ...(iteration.cursor === undefined ? {} : { cursor: iteration.cursor }),
  };
}

function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** The items with what is known of each object, without those that are gone by now. */
async function lookedAt(root: Root, items: readonly Item[], signal: AbortSignal | undefined): Promise<Item[]> {
  const fresh = items.flatMap((item) => ("walked" in item && !item.info ? [item.walked] : []));
  const infos = (await lookAtAll(root, fresh, signal)).values();
  return items.flatMap((item): Item[] => {
    if ("prefix" in item || item.info) return [item];
    const info = infos.next().value;
    return info ? [{ walked: item.walked, info }] : [];
  });
}

function toCursor(item: Item): string {
  const text = "prefix" in item ? `p${item.prefix}` : `k${item.walked.key}`;
  return Buffer.from(text).toString("base64url");
}

function parseCursor(cursor: string, prefix: string): Position {
  const text = Buffer.from(cursor, "base64url").toString();
  const after = text.slice(1);
  if (!/^[kp]/.test(text) || !after.startsWith(prefix) || Buffer.from(text).toString("base64url") !== cursor) {
    throw new StorageError(
      "invalid-option",
      "the cursor is not one of a listing with this prefix; begin again without it",
    );
  }
  return { after, within: text.startsWith("p") };
}
