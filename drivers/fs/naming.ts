/** Giving a file that the driver has written the name under which it counts, in one step. */
import type { BigIntStats } from "node:fs";
import { lutimes } from "node:fs/promises";
import { afresh, patiently } from "./again.ts";
import type { Local } from "./calls.ts";
import { isErrno } from "./errno.ts";
import { namesIn } from "./file.ts";
import { rename } from "./host.ts";
import { isSame } from "./identity.ts";
import type { Own } from "./owner.ts";
import { folderOf } from "./path.ts";
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
    if (!isErrno(error, "ENOENT")) throw error;
    // The folder is gone, or the file: that may have its name already. It is looked for anew, since NFS may remember what had the name before, or that nothing had.
    if (!root.isLocal()) await readAnew(root.path(folderOf(path)));
    if (!isOf(file, await afresh(() => root.fileNow(path)))) throw error;
  }
}

/**
 * Makes NFS look anew at what a folder contains. Version 3 tells by a folder's time whether names have changed: two changes within a tick of the
 * server's clock, up to 10 ms, are one to it, and a name that it was asked for between them stays absent. So the folder gets a new time, and is read.
 */
async function readAnew(folder: string): Promise<void> {
  const now = new Date();
  // The folder may be another user's, who alone may do this. It is read all the same, which is enough where nobody has read it since it was changed.
  await lutimes(folder, now, now).catch(() => {});
  await namesIn(folder).catch(() => {});
}

/** Whether what has a name is this very file: when an answer is lost, NFS asks again, and is told of what its first request has done. */
export function isOf({ stats }: Own, there: BigIntStats | null): boolean {
  return there !== null && isSame(there, stats) && there.ino === stats.ino;
}
