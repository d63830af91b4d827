/** What is known of many files at a time. */
import type { BigIntStats } from "node:fs";
import type { ListedObject } from "../../src/backend.ts";
import { pool } from "../../src/pool.ts";
import { fileAt } from "./file.ts";
import { findAt, firstOf, isReachable } from "./find.ts";
import { folderOf } from "./path.ts";
import { listedOf } from "./read.ts";
import type { Root } from "./root.ts";
import type { Walked } from "./walk.ts";

/** Files that are looked at together. */
const LOOKS = 16;

/** What is known of each file's object, in their order; null for one that is gone by now. */
export async function lookAtAll(
  root: Root,
  files: readonly Walked[],
  signal: AbortSignal | undefined,
): Promise<readonly (ListedObject | null)[]> {
  const seen: (BigIntStats | null)[] = [];
  await pool(files.entries(), LOOKS, async ([at, { candidate }]) => {
    signal?.throwIfAborted();
    seen[at] = await fileAt(root.path(candidate.path));
  });
  // Afterwards: a link that has taken a folder's place before the looks is found now, and nothing is told of what it leads to.
  const inside = new Set<string>();
  const folders = new Set(files.map(({ candidate }) => folderOf(candidate.path)));
  await pool(folders, LOOKS, async (folder) => void ((await isReachable(root, folder)) && inside.add(folder)));
  const infos: (ListedObject | null)[] = [];
  await pool(files.entries(), LOOKS, async ([at, { key, candidate }]) => {
    const here = seen[at] && inside.has(folderOf(candidate.path)) ? seen[at] : null;
    // A file that is gone may have moved to another of its key's places since the folder was read.
    const stats = here ?? (await firstOf(root, key, (place) => findAt(root, place)))?.stats;
    infos[at] = stats ? listedOf(key, stats) : null;
  });
  return infos;
}
