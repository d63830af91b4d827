/** That the folders of a copy stay what they were: where a volume was mounted lies an empty folder afterwards, of another disk. */
import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import type { End } from "./end.ts";

/** Gives what rejects when a folder is gone, or another one than at the call before; one that is not there yet counts from its first write on. */
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

/** As the folder driver tells them apart, with the reasons: `drivers/fs/base.ts`. */
function isSameFolder(before: BigIntStats, now: BigIntStats): boolean {
  if (before.dev !== now.dev) return false;
  const told = before.birthtimeNs > 0n && [before, now].some((one) => one.birthtimeNs !== one.ctimeNs);
  return before.ino === now.ino || !told || before.birthtimeNs === now.birthtimeNs;
}
