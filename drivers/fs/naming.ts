/** Giving a file of the driver's own the name under which it counts, in one step. */
import type { BigIntStats } from "node:fs";
import type { Local } from "./calls.ts";
import { afresh, isErrno, patiently } from "./errno.ts";
import { rename } from "./host.ts";
import { isSame } from "./identity.ts";
import type { Own } from "./owner.ts";
import type { Root } from "./root.ts";

/** A name to be given: relative to the root, and its absolute path in a folder that is held. */
export interface Name {
  readonly path: string;
  readonly at: string;
}

/** Gives a file a name, in place of what has it. */
export async function giveName(root: Root, file: Own, { path, at }: Name, local?: Local): Promise<void> {
  try {
    await patiently(() => rename(root.path(file.path), at, local));
  } catch (error) {
    // Its folder is gone, or the file; which may have its name, whatever the system remembers of what had it before.
    const there = isErrno(error, "ENOENT") ? await afresh(() => root.fileNow(path)) : null;
    if (!isOf(file, there)) throw error;
  }
}

/** Whether what has a name is this very file: NFS asks again when an answer is lost, and is told what its first question has done. */
export function isOf({ stats }: Own, there: BigIntStats | null): boolean {
  return there !== null && isSame(there, stats) && there.ino === stats.ino;
}
