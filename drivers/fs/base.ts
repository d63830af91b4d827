/** The base as one folder among others: whether what a listing began in is still there. */
import type { BigIntStats } from "node:fs";
import { StorageError } from "../../src/error.ts";
import { orAbsent } from "./errno.ts";
import { statSeen } from "./file.ts";
import { inMemory } from "./host.ts";
import type { Root } from "./root.ts";

/** What tells one folder from another. */
export type FolderIdentity = Pick<BigIntStats, "dev" | "ino" | "birthtimeNs" | "ctimeNs">;

/** What is at the base now, links followed; null when nothing is. */
export async function lookAtBase({ base, isLocal }: Pick<Root, "base" | "isLocal">): Promise<FolderIdentity | null> {
  return orAbsent(statSeen(base, isLocal()));
}

/** Rejects when the folder that was at the base is gone, or another one is in its place: a listing must not end well since its volume was unmounted. */
export async function mustStay(root: Pick<Root, "base" | "isLocal">, before: FolderIdentity): Promise<void> {
  const now = await lookAtBase(root);
  if (!now || !isSameFolder(before, now)) throw gone(now ? "another folder is where it was" : undefined);
}

/** What a listing rejects with when its folder is gone. */
export function gone(found = "nothing is where it was"): StorageError {
  const text = `the folder that was here is gone, ${found}: look whether its volume is mounted, and list anew`;
  return new StorageError("unavailable", text);
}

/** Whether two looks at a path have met the same folder. `cli/copy/presence.ts` tells folders apart in the same way. */
export function isSameFolder(before: FolderIdentity, now: FolderIdentity): boolean {
  // In workerd no folder has a number.
  if (inMemory) return true;
  if (before.dev !== now.dev) return false;
  // Another folder has another number and another birth. One alone may change: overlayfs moves the birth of a folder of a lower layer to its
  // first write, FAT and FUSE may number a folder anew. Where no birth is known, the system tells zero or the last change.
  const told = before.birthtimeNs > 0n && [before, now].some((one) => one.birthtimeNs !== one.ctimeNs);
  return before.ino === now.ino || !told || before.birthtimeNs === now.birthtimeNs;
}
