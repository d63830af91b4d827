/** One page of a listing. */
import { Buffer } from "node:buffer";
import { lstat } from "node:fs/promises";
import type { ListedObject, ListPage, ListPageOptions } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { orAbsent } from "./errno.ts";
import { findAt, firstOf } from "./find.ts";
import { etagOf } from "./identity.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";
import { seekFrom, type Position } from "./seek.ts";
import { walk, type Walked } from "./walk.ts";

/** Files that are looked at together. */
const LOOKS = 16;

type Item = { readonly walked: Walked; info?: ListedObject } | { readonly prefix: string };

/** Objects and prefixes in UTF-8 byte order, from the cursor on. */
export async function list(root: Root, settings: Settings, options: ListPageOptions): Promise<ListPage> {
  const { prefix, delimiter, cursor, limit, signal } = options;
  const seek = seekFrom(cursor === undefined ? undefined : parseCursor(cursor, prefix));
  if (!(await root.exists())) return { objects: [], prefixes: [] };
  const keys = walk({ root, prefix, ignore: settings.ignore, seek });
  let items: Item[] = [];
  // One more than the page holds tells whether there is a next one.
  for (let over = false; !over && items.length <= limit;) {
    while (items.length <= limit) {
      signal?.throwIfAborted();
      const next = await keys.next();
      if (next.done) {
        over = true;
        break;
      }
      const group = delimiter && groupOf(next.value.key, prefix, delimiter);
      if (group) seek.move({ after: group, within: true });
      items.push(group ? { prefix: group } : { walked: next.value });
    }
    items = await lookAt(root, items, signal);
  }
  await keys.return();
  const page = items.slice(0, limit);
  const objects = page.flatMap((item) => ("walked" in item && item.info ? [item.info] : []));
  const prefixes = page.flatMap((item) => ("prefix" in item ? [item.prefix] : []));
  const last = page.at(-1);
  return { objects, prefixes, ...(items.length > limit && last ? { cursor: toCursor(last) } : {}) };
}

function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** Fills in what is known of each object, and leaves out those that are gone by now. */
async function lookAt(root: Root, items: readonly Item[], signal: AbortSignal | undefined): Promise<Item[]> {
  let next = 0;
  const gone = new Set<Item>();
  const look = async (): Promise<void> => {
    while (next < items.length) {
      signal?.throwIfAborted();
      const item = items[next++] as Item;
      if ("prefix" in item || item.info) continue;
      const info = await infoAt(root, item.walked);
      if (info) item.info = info;
      else gone.add(item);
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  return items.filter((item) => !gone.has(item));
}

async function infoAt(root: Root, { key, candidate }: Walked): Promise<ListedObject | null> {
  const seen = await orAbsent(lstat(root.path(candidate.path), { bigint: true }));
  // A file that is gone may have moved to another candidate since its folder was read.
  const stats = seen?.isFile() ? seen : (await firstOf(root, key, (place) => findAt(root, place)))?.stats;
  if (!stats) return null;
  return { key, size: Number(stats.size), etag: etagOf(stats), lastModified: new Date(Number(stats.mtimeMs)) };
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
