/** Removing objects' files, and the folders that become empty. */
import type { BigIntStats } from "node:fs";
import { rename, rmdir, unlink } from "node:fs/promises";
import type { Key } from "../../src/backend.ts";
import { pool } from "../../src/pool.ts";
import { patiently } from "./again.ts";
import { anchor, type Anchor } from "./anchor.ts";
import { checkPresent } from "./conditions.ts";
import { orAbsent } from "./errno.ts";
import { fileAt, lookAt } from "./file.ts";
import { findAll, findAt, type Found, isReachable, placesOf } from "./find.ts";
import { type Identity, mayHaveRecord } from "./identity.ts";
import { shareLocks, withLock } from "./lock.ts";
import { endUploadOf } from "./multipart-folder.ts";
import { folderOf, nameOf, KEYS_FOLDER, type Candidate } from "./path.ts";
import { dropRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { flushing, syncRemoval } from "./sync.ts";

/** How many folders are worked on at a time, and how many keys of each: as many as runtimes have threads for file calls. */
const AT_A_TIME = 4;

/** From so many keys on it pays to make a file that their claims are links to. */
const MANY = 8;

/** How objects are removed. */
export interface RemoveOptions {
  /** Whether the deletes must survive a power cut. */
  readonly durable: boolean;
  /** Only objects of this version. */
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each key whose object may be left, or may come back; when it throws, no further key of its folder is begun. */
  failed(error: unknown, key: Key): void;
}

/** Deletes objects; absent ones are success. Folders are opened, pruned and flushed once for all keys in them. */
export async function remove(root: Root, keys: readonly Key[], options: RemoveOptions): Promise<void> {
  if (!(await root.exists())) return;
  const groups = new Map<string, Key[]>();
  for (const key of keys) add(groups, folderOf(placesOf(root, key)[0].path), key);
  const gone = new Map<string, Gone[]>();
  let shared: ReturnType<typeof shareLocks> | undefined;
  const lock: Lock = async (key, work) => {
    const sharing = keys.length < MANY ? {} : await (shared ??= shareLocks(root));
    return withLock(root, key, { ...sharing, needsNoRoom: true, signal: options.signal }, work);
  };
  try {
    await pool(groups, AT_A_TIME, ([folder, keys]) => removeIn(root, lock, folder, keys, options, gone));
  } finally {
    await (await shared?.catch(() => undefined))?.holding?.end();
    // Also what was removed before an abort.
    await pool(gone, AT_A_TIME, ([folder, removed]) => flushGone(root, folder, removed, options));
  }
}

/** Runs work while nobody else writes the key. */
type Lock = (key: string, work: () => Promise<Removed>) => Promise<Removed>;

/** The versions of a key that are gone, and the folder to be flushed for it. */
interface Removed {
  readonly folder: string;
  readonly versions: readonly Identity[];
}

/** What of one key is gone. */
interface Gone extends Removed {
  readonly key: Key;
}

function add<T>(groups: Map<string, T[]>, folder: string, one: T): void {
  const group = groups.get(folder);
  if (group) group.push(one);
  else groups.set(folder, [one]);
}

/** Deletes objects whose first places lie in one folder, and adds each to `gone`, by the folder that is to be flushed for it. */
async function removeIn(
  root: Root,
  lock: Lock,
  folder: string,
  keys: readonly Key[],
  options: RemoveOptions,
  gone: Map<string, Gone[]>,
): Promise<void> {
  const { signal, failed } = options;
  const here: Gone[] = [];
  const opened = orAbsent(anchor(root, folder));
  try {
    await pool(keys, AT_A_TIME, async (key) => {
      signal?.throwIfAborted();
      try {
        const removed = await removeKey(root, lock, await opened, key, options);
        if (removed?.folder === folder && removed.versions.length > 0) here.push({ key, ...removed });
        else if (removed) add(gone, removed.folder, { key, ...removed });
      } catch (error) {
        signal?.throwIfAborted();
        failed(error, key);
      }
    });
  } finally {
    const held = await opened.catch(() => null);
    await held?.close();
    const stays = held && here.length > 0 ? await prune(root, folder, held) : folder;
    for (const one of here) add(gone, stays, one);
  }
}

/**
 * Flushes a folder once for all that is gone from it; each key has an error of its own. Then their records go: before, a power cut could
 * take those alone, and bring the objects back without their headers.
 */
async function flushGone(
  root: Root,
  folder: string,
  removed: readonly Gone[],
  { durable, failed }: RemoveOptions,
): Promise<void> {
  const flushed = durable ? syncRemoval(root, folder) : Promise.resolve();
  await pool(removed, AT_A_TIME, async ({ key, versions }) => {
    try {
      await flushing("deleted", () => flushed);
    } catch (error) {
      return failed(error, key);
    }
    if (versions.some(mayHaveRecord)) await dropRecords(root, key, versions).catch(() => {});
  });
}

/** Drops the records of versions that are gone. One that could be that of a version written meanwhile is left to the sweep. */
async function dropRecords(root: Root, key: string, versions: readonly Identity[]): Promise<void> {
  const present = await findAll(root, key);
  for (const version of versions)
    if (present.every(({ stats }) => stats.size !== version.size)) await dropRecord(root, key, version);
}

/**
 * Deletes one object, whose first place lies in the folder that is held. The file that counts goes last, so that no older one shows in
 * between. Gives the folder to be flushed: the one that the last file was in, or the nearest above that stays. Also where nothing was found,
 * since another delete may have removed it this moment.
 */
async function removeKey(
  root: Root,
  lock: Lock,
  held: Anchor | null,
  key: string,
  { durable, ifMatch }: Pick<RemoveOptions, "durable" | "ifMatch">,
): Promise<Removed | null> {
  const [first, ...others] = placesOf(root, key);
  // Nothing is claimed for what is not there: a folder that the driver never wrote to stays as it is. A write may move a key to its first place
  // between two looks.
  if (!(await fileIn(held, first)) && !(await findSome(root, [...others, first])))
    return durable ? { folder: await nearest(root, held, first), versions: [] } : null;
  return lock(key, async () => {
    const [present] = ifMatch === undefined ? [] : await findAll(root, key);
    if (present) checkPresent(key, present, { ifMatch });
    const versions: Identity[] = [];
    let folder: string | null = null;
    for (const candidate of others) {
      const older = await findAt(root, candidate);
      if (!older) continue;
      await endUploadOf(root, key, older);
      folder = await removeFile(root, candidate);
      versions.push(older.stats);
    }
    const here = held && (await findIn(root, held, first));
    // Who wrote the key meanwhile may have made its folder, or made it anew.
    const found = here ?? (await findAt(root, first));
    if (!found) return { folder: folder ?? (await nearest(root, held, first)), versions };
    // Or a power cut could take the file that counts and leave the older one to show again.
    if (durable && folder !== null) await syncRemoval(root, folder);
    await endUploadOf(root, key, found);
    versions.push(found.stats);
    if (!here) return { folder: await removeFile(root, first), versions };
    await takeAway(root, held.path(nameOf(first.path)));
    return { folder: folderOf(first.path), versions };
  });
}

/** The folder of a candidate, or the nearest above it that is one and is led to by no link, as one that is held open is known to be. */
async function nearest(root: Root, held: Anchor | null, { path }: Candidate): Promise<string> {
  let folder = folderOf(path);
  if (held?.handle) return folder;
  for (; folder !== ""; folder = folderOf(folder))
    if ((await isReachable(root, folder)) && (await lookAt(root.path(folder)))?.isDirectory()) break;
  return folder;
}

/** The file at a candidate whose folder is held. */
async function findIn(root: Root, held: Anchor, candidate: Candidate): Promise<Found | null> {
  const stats = await fileIn(held, candidate);
  return stats && (await isReachable(root, candidate.path)) ? { candidate, stats } : null;
}

/** The same without a look at the spelling of its name. */
async function fileIn(held: Anchor | null, { path }: Candidate): Promise<BigIntStats | null> {
  return held && fileAt(held.path(nameOf(path)));
}

async function findSome(root: Root, candidates: readonly Candidate[]): Promise<boolean> {
  for (const candidate of candidates) if (await findAt(root, candidate)) return true;
  return false;
}

/** Removes one file and the folders above it that are empty then; gives the nearest folder that stays. */
export async function removeFile(root: Root, { path }: Candidate): Promise<string> {
  const folder = folderOf(path);
  const held = await orAbsent(anchor(root, folder));
  try {
    if (held) await takeAway(root, held.path(nameOf(path)));
  } finally {
    await held?.close();
  }
  return held ? prune(root, folder, held) : folder;
}

/** Removes a file. On Windows it keeps its name while somebody reads it, so it is given another one first. */
async function takeAway(root: Root, path: string): Promise<void> {
  if (process.platform === "win32") {
    try {
      const aside = root.path(await root.temp());
      await patiently(() => rename(path, aside));
      // What cannot be removed there is swept.
      return await unlink(aside).catch(() => {});
    } catch {
      // Gone, or there is no room for another name.
    }
  }
  await orAbsent(patiently(() => unlink(path)));
}

/** Removes a folder that was held, and those above it, while they are empty; gives the nearest that stays. */
async function prune(root: Root, folder: string, held: Anchor): Promise<string> {
  if (!held.handle && !(await isReachable(root, folder))) return folder;
  for (; folder !== "" && folder !== KEYS_FOLDER; folder = folderOf(folder)) {
    try {
      // One that is gone is as good: NFS asks again when an answer is lost.
      await orAbsent(rmdir(root.path(folder)));
    } catch {
      // Not empty, or in use: it stays, whatever the system calls that.
      break;
    }
  }
  return folder;
}
