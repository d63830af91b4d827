/** Giving a file that the driver has written the name under which it counts, in one step. */
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
    // The folder is gone, or the file: that may have its name already. It is looked for anew, since NFS may remember what had the name before.
    const there = isErrno(error, "ENOENT") ? await afresh(() => root.fileNow(path)) : null;
    if (!isOf(file, there)) throw error;
  }
}

/** Whether what has a name is this very file: when an answer is lost, NFS asks again, and is told of what its first request has done. */
export function isOf({ stats }: Own, there: BigIntStats | null): boolean {
  return there !== null && isSame(there, stats) && there.ino === stats.ino;
}
