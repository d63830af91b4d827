/** Removing an object's files, and the folders that become empty. */
import { rmdir, unlink } from "node:fs/promises";
import { anchor } from "./anchor.ts";
import { orAbsent, patiently } from "./errno.ts";
import { findAt, isReachable, placesOf } from "./find.ts";
import { withLock } from "./lock.ts";
import { folderOf, nameOf, KEYS_FOLDER, type Candidate } from "./path.ts";
import { dropRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { syncRemoval } from "./sync.ts";

/**
 * Deletes an object; an absent one is success. The candidate that counts goes last, so that no older file shows in between.
 * Gives the folder that is to be flushed for the delete to last, or null when there was nothing.
 */
export async function remove(root: Root, key: string, durable: boolean): Promise<string | null> {
  // Nothing is claimed for what is not there: a folder that the driver never wrote to stays as it is.
  if (!(await root.exists()) || !(await isAnywhere(root, key))) return null;
  return withLock(root, key, { needsNoRoom: true }, async () => {
    let kept: string | null = null;
    for (const candidate of placesOf(root, key).toReversed()) {
      const found = await findAt(root, candidate);
      if (!found) continue;
      // Or a power cut could take the file that counts and leave the older one to show again.
      if (durable && kept !== null) await syncRemoval(root, kept);
      kept = await removeFile(root, candidate);
      await dropRecord(root, key, found.stats);
    }
    return kept;
  });
}

async function isAnywhere(root: Root, key: string): Promise<boolean> {
  for (const candidate of placesOf(root, key)) if (await findAt(root, candidate)) return true;
  return false;
}

/** Removes one file and the folders above it that are empty then; gives the nearest folder that stays. */
export async function removeFile(root: Root, { path, tree }: Candidate): Promise<string> {
  let folder = folderOf(path);
  const held = await orAbsent(anchor(root, folder));
  try {
    if (held) await orAbsent(patiently(() => unlink(held.path(nameOf(path)))));
  } finally {
    await held?.close();
  }
  const top = tree === "keys" ? KEYS_FOLDER : "";
  if (folder === top || (!held?.handle && !(await isReachable(root, folder)))) return folder;
  for (; folder !== top; folder = folderOf(folder)) {
    try {
      await rmdir(root.path(folder));
    } catch {
      // Not empty, or in use: it stays, whatever the system calls that.
      break;
    }
  }
  return folder;
}
