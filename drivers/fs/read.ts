/** Reading an object: one descriptor for its identity, its length and its bytes. */
import type { BigIntStats } from "node:fs";
import type { GetOptions, Key, ListedObject, ObjectHeaders, StoredInfo, StoredObject } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { resolveRange } from "../../src/range.ts";
import { checkRead } from "../../src/whole.ts";
import { afresh } from "./again.ts";
import { placeOf } from "./anchor.ts";
import { turn } from "./calls.ts";
import { checked } from "./checksum.ts";
import { isAbsent, isErrno, orAbsent } from "./errno.ts";
import { keptIf, lookAt, open, openNow, READ, type File } from "./file.ts";
import { findAt, firstOf, type Found, placesOf } from "./find.ts";
import { etagOf, isSame, mayHaveRecord } from "./identity.ts";
import type { Settings } from "./options.ts";
import { folderOf, nameOf } from "./path.ts";
import { type Description, shownHeaders, readOwnRecord, readRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { bodyOf } from "./stream.ts";

/** How often a version may be replaced while it is looked at before a reader gives up. */
const ATTEMPTS = 50;

/** What systems say when they are to open a link that may not be followed, a socket, or a folder. */
const NO_FILE = ["EMLINK", "ENXIO", "EISDIR"];

/** A version with its headers, open for reading. */
export interface Version extends Found {
  readonly headers: Description;
  readonly file: File;
}

/** What its file tells of a version. */
export function listedOf(key: string, stats: BigIntStats): ListedObject {
  return { key, size: Number(stats.size), etag: etagOf(stats), lastModified: new Date(Number(stats.mtimeMs)) };
}

/** What is known of a version. */
export function infoOf(key: string, stats: BigIntStats, headers: ObjectHeaders): StoredInfo {
  return Object.assign(listedOf(key, stats), shownHeaders(key, headers));
}

/** Metadata of an object, or null. */
export async function head(root: Root, key: Key): Promise<StoredInfo | null> {
  await turn(root.isLocal());
  return afresh(() =>
    whilePresent(root, key, async ({ candidate, stats }, headers) => {
      const now = mayHaveRecord(stats) ? await lookAt(root.path(candidate.path)) : stats;
      return now && isSame(now, stats) ? infoOf(key, stats, headers) : null;
    }),
  );
}

/** Opens a version for reading, or null; the caller closes it. */
export async function openVersion(root: Root, key: string): Promise<Version | null> {
  const first = await openFirst(root, key);
  return first ?? whilePresent(root, key, (found, headers) => openSame(root, found, headers));
}

/**
 * The version at a key's first place, opened without a look before, which saves a third of a small read: an open file tells all that a look
 * would. Null where the system has that not in memory, and whenever something is in the way: no file, no record, no descriptor. Then the
 * caller looks first.
 */
async function openFirst(root: Root, key: string): Promise<Version | null> {
  if (!(await root.exists()) || !root.isLocal()) return null;
  const [candidate] = placesOf(root, key);
  const { path } = candidate;
  const folder = folderOf(path);
  try {
    // In its folder, since a path may lead through a link to something that must not even be opened.
    const held = await root.anchor(folder);
    if (!held || (folder !== "" && !held.handle)) return null;
    const file = await openNow(held.path(nameOf(path)), READ, root.isLocal()).finally(() => held.close());
    return await keptIf(file, async () => {
      const stats = await file.stat();
      if (!stats.isFile()) return null;
      const headers = mayHaveRecord(stats) ? await readOwnRecord(root, key, stats, openNow) : {};
      // After the record was read, so that it is not that of a later version.
      return headers && (await placeOf(root, file, path)) === "inside" ? { candidate, stats, headers, file } : null;
    });
  } catch {
    // The looks tell what is wrong.
    return null;
  }
}

/** Opens an object, checks conditions and range, and gives its bytes lazily. */
export async function get(root: Root, settings: Settings, key: Key, options: GetOptions): Promise<StoredObject | null> {
  await turn(root.isLocal());
  return afresh(() => getNow(root, settings, key, options));
}

async function getNow(root: Root, settings: Settings, key: Key, options: GetOptions): Promise<StoredObject | null> {
  const version = await openVersion(root, key);
  if (!version) return null;
  const { file, stats, headers } = version;
  try {
    options.signal?.throwIfAborted();
    const info = infoOf(key, stats, headers);
    checkRead(info, options);
    const span = options.range && resolveRange(options.range, info.size);
    const bytes = await bodyOf(file, span?.start ?? 0, span ? span.end + 1 : info.size, options);
    if (!span && headers.checksum)
      return { info, body: checked(settings.checksums, bytes.body, headers.checksum, options.place) };
    return Object.assign(bytes, { info, range: span });
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * What is made of the present version and the headers that belong to it; null when there is none. A writer publishes the record before the file
 * and drops the old record after it, so a version that is still the present one after its record was looked for has that record, or none.
 * `make` sees to that: it gives null when the version was replaced. The record is read before, so that nobody waits for a descriptor while
 * holding another.
 */
async function whilePresent<T>(
  root: Root,
  key: string,
  make: (found: Found, headers: Description) => Promise<T | null>,
): Promise<T | null> {
  if (!(await root.exists())) return null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = await firstOf(root, key, (candidate) => findAt(root, candidate));
    if (!found) return null;
    const recorded = mayHaveRecord(found.stats) ? await readRecord(root, key, found.stats) : null;
    const made = await make(found, recorded ?? {});
    if (made !== null) return made;
  }
  throw new StorageError("unavailable", "the object is replaced faster than it can be read");
}

/** Opens the version that was found, if it is still there. */
async function openSame(root: Root, found: Found, headers: Description): Promise<Version | null> {
  const { path } = found.candidate;
  let file: File;
  try {
    file = await open(root.path(path), READ, root.isLocal());
  } catch (error) {
    if (isAbsent(error) || isErrno(error, ...NO_FILE)) return null;
    throw error;
  }
  return keptIf(file, async () => {
    // Some programs behind mounts call an open file absent that was replaced.
    const now = await orAbsent(file.stat());
    if (!now || !isSame(now, found.stats)) return null;
    // The look and the opening may both have gone through a link that was there only then.
    const isLinked = path.includes("/") && (await placeOf(root, file, path)) === "linked";
    return isLinked ? null : { ...found, headers, file };
  });
}
