/** What is known of many files at a time. */
import { type BigIntStats, lstat } from "node:fs";
import type { ListedObject } from "../../src/backend.ts";
import { pool } from "../../src/pool.ts";
import { isAbsent } from "./errno.ts";
import { findAt, firstOf, isReachable } from "./find.ts";
import { etagOf } from "./identity.ts";
import { folderOf } from "./path.ts";
import type { Root } from "./root.ts";
import type { Walked } from "./walk.ts";

/** Files that are looked at together. */
const LOOKS = 16;

/** What is known of each file's object, in their order; null for one that is gone by now. */
export async function lookAt(
  root: Root,
  files: readonly Walked[],
  signal: AbortSignal | undefined,
): Promise<readonly (ListedObject | null)[]> {
  const seen: (BigIntStats | null)[] = [];
  await pool(files.entries(), LOOKS, async ([at, { candidate }]) => {
    signal?.throwIfAborted();
    seen[at] = await statsOf(root.path(candidate.path));
  });
  // Afterwards, so that nothing is told of what a link leads to which has taken the place of a folder since that was read.
  const inside = new Set<string>();
  const folders = new Set(files.map(({ candidate }) => folderOf(candidate.path)));
  await pool(folders, LOOKS, async (folder) => void ((await isReachable(root, folder)) && inside.add(folder)));
  const infos: (ListedObject | null)[] = [];
  await pool(files.entries(), LOOKS, async ([at, { key, candidate }]) => {
    const here = seen[at]?.isFile() && inside.has(folderOf(candidate.path)) ? seen[at] : null;
    // A file that is gone may have moved to another candidate since its folder was read.
    const stats = here ?? (await firstOf(root, key, (place) => findAt(root, place)))?.stats;
    infos[at] = stats ? infoOf(key, stats) : null;
  });
  return infos;
}

/** By callback: Node's promise of the same takes half as much time again, and this is most of the time that a page takes. */
function statsOf(path: string): Promise<BigIntStats | null> {
  return new Promise((resolve, reject) => {
    lstat(path, { bigint: true }, (error, stats) => {
      if (error === null) resolve(stats);
      else if (isAbsent(error)) resolve(null);
      else reject(error);
    });
  });
}

function infoOf(key: string, stats: BigIntStats): ListedObject {
  return { key, size: Number(stats.size), etag: etagOf(stats), lastModified: new Date(Number(stats.mtimeMs)) };
}
