/** Making names survive a power cut: a file's bytes are flushed with the file, its name with the folder that holds it. */
import type { BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { StorageError } from "../../src/error.ts";
import type { Local } from "./calls.ts";
import { errnoOf, isAbsent, isErrno } from "./errno.ts";
import { lookAt, open, type Paths } from "./file.ts";
import { folderOf } from "./path.ts";

const NO_SYNC = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
const NO_SYNC_WINDOWS = ["EPERM", "EACCES", "EISDIR", "EBADF"];

/** An open folder. */
interface Folder {
  sync(): Promise<void>;
  stat(): Promise<BigIntStats>;
}

/** How many folders are remembered. */
const MEMORY = 10_000;

/** Folders whose own names are on the disk, by absolute path: inode and birth, which a folder that is made anew does not share. */
const flushed = new Map<string, string>();

/** Open folders whose own names are on the disk. */
const flushedOpen = new WeakSet<Folder>();

/** A flush that is under way, and the one that comes after it. */
interface Flushing<T> {
  readonly now: Promise<T>;
  next?: Promise<T>;
}

/** By absolute path or open folder. */
const flushes = new Map<string | Folder, Flushing<unknown>>();

/**
 * Flushes a folder for all who want it: one flush at a time, and whoever comes during one shares the next, which begins after what he has
 * done. A failure is everybody's who waits: the system tells of it once, so that the next flush would say nothing of what the failed one
 * should have written (`fsync(2)`, EIO). Whoever comes later has changed the folder again, and has a flush of its own.
 */
function together<T>(folder: string | Folder, flush: () => Promise<T>): Promise<T> {
  const underWay = flushes.get(folder) as Flushing<T> | undefined;
  const begin = (): Promise<T> => {
    const flushing: Flushing<T> = { now: flush() };
    flushes.set(folder, flushing);
    const end = (): boolean => flushes.delete(folder);
    void flushing.now.then(() => flushing.next !== undefined || end(), end);
    return flushing.now;
  };
  return underWay ? (underWay.next ??= underWay.now.then(begin)) : begin();
}

/** Flushes the names in a folder, where the system can; false when there is no folder. */
function syncFolder(path: string, local: Local): Promise<boolean> {
  return together(path, () => openAndSync(path, local));
}

async function openAndSync(path: string, local: Local): Promise<boolean> {
  try {
    const handle = await open(path, "r", local);
    await sync(handle).finally(() => handle.close());
  } catch (error) {
    if (isAbsent(error)) return false;
    if (!isIncapable(error)) throw error;
  }
  return true;
}

async function sync(folder: Pick<Folder, "sync">): Promise<void> {
  await folder.sync().catch((error: unknown) => {
    if (!isIncapable(error)) throw error;
  });
}

function isIncapable(error: unknown): boolean {
  return isErrno(error, ...NO_SYNC) || (process.platform === "win32" && isErrno(error, ...NO_SYNC_WINDOWS));
}

/** Flushes a folder from which names are gone, or the nearest above it, should another delete have removed it. */
export async function syncRemoval(root: Paths, folder: string): Promise<void> {
  for (let nearest = folder; !(await syncFolder(root.path(nearest), root.isLocal())) && nearest !== "";)
    nearest = folderOf(nearest);
}

/**
 * Flushes the names in a folder; and the folder's own name with those above it, unless this process has done so: another write may have made
 * the folder a moment ago. `held` is the folder, if it is open.
 */
export async function syncNames(root: Paths, folder: string, held: Folder | null = null): Promise<void> {
  const local = root.isLocal();
  await (held ? together(held, () => sync(held)) : syncFolder(root.path(folder), local));
  if (held && flushedOpen.has(held)) return;
  const fresh: [string, string][] = [];
  for (let child = folder; ; child = folderOf(child)) {
    const path = root.path(child);
    const stats = await (held && child === folder ? held.stat() : lookAt(path, local));
    if (!stats) return;
    const birth = `${stats.ino}-${stats.birthtimeNs}`;
    // The names above it are on the disk as well: they were flushed before it was remembered, and none is made anew while it is there.
    if (flushed.get(path) === birth) break;
    await (child === "" ? syncAbove(path) : syncFolder(root.path(folderOf(child)), local));
    fresh.push([path, birth]);
    if (child === "") break;
  }
  if (flushed.size + fresh.length > MEMORY) flushed.clear();
  for (const [path, birth] of fresh) flushed.set(path, birth);
  if (held) flushedOpen.add(held);
}

/**
 * Flushes all folders above the base, since another process may have made them a moment ago. What this process may not open it has not made,
 * and does not answer for.
 */
async function syncAbove(base: string): Promise<void> {
  for (let folder = base; folder !== dirname(folder); folder = dirname(folder))
    await syncFolder(dirname(folder), false).catch(() => {});
}

/** Flushes what is `done` and can be seen already, so that a failure is `ambiguous`. */
export async function flushing(done: string, flush: () => Promise<void>): Promise<void> {
  try {
    await flush();
  } catch (error) {
    const why = errnoOf(error);
    throw new StorageError(
      "ambiguous",
      `${done}, but it is not known whether it survives a power cut: the folder could not be flushed${why ? ` (${why})` : ""}`,
      { cause: error },
    );
  }
}
