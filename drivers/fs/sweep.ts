/** Removing what crashed writers and other programs left. */
import type { Stats } from "node:fs";
import { lstat, readdir, unlink } from "node:fs/promises";
import { type Clock, systemClock } from "../../src/clock.ts";
import { parseKey } from "../../src/key.ts";
import { endIfLeft } from "./claim.ts";
import { findAll, isReachable } from "./find.ts";
import { withLock } from "./lock.ts";
import { madeBy } from "./multipart-complete.ts";
import { endUpload, readUpload, uploadFolder, uploadIds } from "./multipart-folder.ts";
import { TEMP_FOLDER } from "./path.ts";
import { hasRecord, recordPrefix, RECORDS_FOLDER } from "./record.ts";
import type { Root } from "./root.ts";
import { readText } from "./text.ts";

/** What is younger may belong to a write, or to a copy of the whole folder, that is still under way. */
const MAX_AGE_MS = 24 * 60 * 60 * 1000;
/** How many records one sweep looks at. It begins with any, so that each has its turn where there are more. */
const MAX_RECORDS = 1000;

/**
 * Deletes temporary files, records without an object, and parts of uploads that are over, that are older than a day; gives their
 * number. Uploads under way stay, however old: `sweepUploads` is for those. Never rejects.
 */
export async function sweep(root: Root, clock: Clock = systemClock): Promise<number> {
  let swept = 0;
  try {
    for (const path of await filesIn(root, TEMP_FOLDER)) {
      if (path.includes(".claim")) swept += Number(await endIfLeft(root.path(path), clock));
      else if (await isOld(root, path, clock, ({ mtimeMs }) => mtimeMs)) swept += await removed(root, path);
    }
    for (const uploadId of await uploadIds(root)) swept += await endIfOver(root, uploadId, clock).catch(() => 0);
    const folders = await namesBelow(root, RECORDS_FOLDER);
    const first = Math.floor(clock.random() * folders.length);
    let looks = MAX_RECORDS;
    for (const folder of [...folders.slice(first), ...folders.slice(0, first)]) {
      for (const path of await filesIn(root, `${RECORDS_FOLDER}/${folder}`)) {
        if (looks-- <= 0) return swept;
        if (await isOld(root, path, clock, arrival)) swept += await dropOrphan(root, path);
      }
    }
  } catch {
    // Nothing depends on it; the next process tries again.
  }
  return swept;
}

/** The names in a folder that no link leads to. */
async function namesBelow(root: Root, folder: string): Promise<readonly string[]> {
  return (await isReachable(root, folder)) ? (await readdir(root.path(folder))).sort() : [];
}

async function filesIn(root: Root, folder: string): Promise<readonly string[]> {
  return (await namesBelow(root, folder)).map((name) => `${folder}/${name}`);
}

async function isOld(root: Root, path: string, clock: Clock, timeOf: (stats: Stats) => number): Promise<boolean> {
  const stats = await lstat(root.path(path)).catch(() => null);
  return stats !== null && !stats.isSymbolicLink() && clock.now() - timeOf(stats) >= MAX_AGE_MS;
}

/** When a file came here: a backup that is put back gives it the time that it had, and may bring records before their objects. */
function arrival({ mtimeMs, ctimeMs }: Stats): number {
  return Math.max(mtimeMs, ctimeMs);
}

/** Removes what is left of an upload that is over: one without a whole record, or whose object is there. Gives how many. */
async function endIfOver(root: Root, uploadId: string, clock: Clock): Promise<number> {
  if (!(await isOld(root, uploadFolder(uploadId), clock, arrival))) return 0;
  const upload = await readUpload(root, uploadId);
  if (upload && !(await madeBy(root, parseKey(upload.key), uploadId))) return 0;
  await endUpload(root, uploadId);
  return 1;
}

/** Removes a record whose version is gone, since another program has replaced or removed the file. Gives how many. */
async function dropOrphan(root: Root, path: string): Promise<number> {
  try {
    const { key } = JSON.parse((await readText(root.path(path), root.isLocal())) ?? "") as { readonly key: string };
    if (!path.startsWith(recordPrefix(parseKey(key))) || (await isUsed(root, key, path))) return 0;
    return await withLock(root, key, {}, async () => ((await isUsed(root, key, path)) ? 0 : removed(root, path)));
  } catch {
    // A damaged one is told when its object is read.
    return 0;
  }
}

async function isUsed(root: Root, key: string, record: string): Promise<boolean> {
  for (const { stats } of await findAll(root, key)) if (await hasRecord(root, key, stats, record)) return true;
  return false;
}

function removed(root: Root, path: string): Promise<number> {
  return unlink(root.path(path)).then(
    () => 1,
    () => 0,
  );
}
