/** Removing what crashed writers left. */
import { lstat, readdir, unlink } from "node:fs/promises";
import { RESERVED } from "./path.ts";
import type { Root } from "./root.ts";

/** No write takes longer than this. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** Deletes temporary files that are older than a day; gives their number. Never rejects. */
export async function sweep(root: Root): Promise<number> {
  const folder = `${RESERVED}/tmp`;
  let swept = 0;
  try {
    if ((await root.whereabouts(folder)) !== "inside") return 0;
    for (const name of await readdir(root.path(folder))) {
      const path = root.path(`${folder}/${name}`);
      const stats = await lstat(path).catch(() => null);
      if (!stats?.isFile() || Date.now() - stats.mtimeMs < MAX_AGE_MS) continue;
      await unlink(path).then(
        () => swept++,
        () => {},
      );
    }
  } catch {
    // Nothing depends on it; the next process tries again.
  }
  return swept;
}
