/**
 * Checks that the folders of a copy stay the same: when a volume is unmounted, an empty folder of another disk takes
 * its place.
 */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { End } from "./end.ts";

/**
 * Returns a check that rejects if a folder is gone or replaced since an earlier check. One that does not exist yet is
 * skipped.
 */
export function presence(ends: readonly End[]): () => Promise<void> {
  const known = new Map<string, BigIntStats>();
  return async () => {
    for (const { typed, folder } of ends) {
      if (folder === undefined) continue;
      const before = known.get(folder);
      const now = await stat(folder, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return undefined;
      });
      if (!before && now) known.set(folder, now);
      if (before && !(now && isSameFolder(before, now)))
        throw new Error(
          `${typed}: the folder that was here is gone, ${now ? "another one" : "nothing"} is where it was: look whether its volume is mounted, and run it again`,
        );
    }
  };
}

/** Whether both are the same folder, as the folder driver decides it; `drivers/fs/base.ts` has the reasons. */
function isSameFolder(before: BigIntStats, now: BigIntStats): boolean {
  if (before.dev !== now.dev) return false;
  const told = before.birthtimeNs > 0n && [before, now].some((one) => one.birthtimeNs !== one.ctimeNs);
  return before.ino === now.ino || !told || before.birthtimeNs === now.birthtimeNs;
}
