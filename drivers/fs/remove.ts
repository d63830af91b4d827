/** Removing an object's files, and the folders that become empty. */
import { rmdir, unlink } from "node:fs/promises";
import { orAbsent, patiently } from "./errno.ts";
import { findAt, isReachable, placesOf } from "./find.ts";
import { withLock } from "./lock.ts";
import { folderOf, KEYS_FOLDER, type Candidate } from "./path.ts";
import { dropRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { syncFolder } from "./sync.ts";

/**
 * Deletes an object; an absent one is success. The candidate that counts goes last, so that no older file shows in between.
 * `lock` is the key's lock.
 */
export async function remove(root: Root, key: string, lock: string, durable: boolean): Promise<void> {
  if (!(await root.exists())) return;
  await withLock(lock, async () => {
    for (const candidate of placesOf(root, key).toReversed()) {
      const found = await findAt(root, candidate);
      if (!found) continue;
      const kept = await removeFile(root, candidate);
      await dropRecord(root, key, found.stats);
      if (durable) await syncFolder(root.path(kept));
    }
  });
}

/** Removes one file and the folders above it that are empty then; gives the nearest folder that stays. */
export async function removeFile(root: Root, { path, tree }: Candidate): Promise<string> {
  await orAbsent(patiently(() => unlink(root.path(path))));
  const top = tree === "keys" ? KEYS_FOLDER : "";
  let folder = folderOf(path);
  if (folder === top || !(await isReachable(root, folder))) return folder;
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
