/** The root folder: where it is, what kind it is, and that nothing leads out of it. */
import { randomUUID } from "node:crypto";
import { type BigIntStats, constants, lstatSync, realpathSync, type Stats } from "node:fs";
import { lstat, mkdir, realpath, stat } from "node:fs/promises";
import { dirname, sep } from "node:path";
import { StorageError } from "../../src/error.ts";
import { type Anchor, anchors, type Anchors, type Places, type Whereabouts } from "./anchor.ts";
import type { Local } from "./calls.ts";
import { isAbsent, isErrno, isStale, orAbsent } from "./errno.ts";
import { ifFile, lookAt, natureOf, open, openNow, READ } from "./file.ts";
import { inMemory } from "./host.ts";
import { renumbers } from "./identity.ts";
import { makeFolder, setFolderBits } from "./mode.ts";
import { share } from "./owner.ts";
import { folderOf, RESERVED, TEMP_FOLDER } from "./path.ts";
import { answersAtOnce } from "./refusal.ts";
import { fold, spellings } from "./spelling.ts";
import { syncNames } from "./sync.ts";
import { checkLayout, markLayout } from "./version.ts";

const { O_RDONLY, O_DIRECTORY = 0 } = constants;

/** A root folder, which need not exist yet. */
export interface Root extends Anchors, Places {
  /** Absolute path. */
  readonly base: string;
  /** Whether the host takes any byte but `/` and NUL in a name. */
  readonly posix: boolean;
  /** Whether the base is there, and learns its nature when it is first seen; rejects when it is no folder or of a later layout. */
  exists(): Promise<boolean>;
  /** Where a path leads, through every link on the way; rejects where nothing is. What was `seen` this moment the system has in memory. */
  whereabouts(path: string, seen?: boolean): Promise<Whereabouts>;
  /** The regular file that is at a path at this moment, also where the file system would tell what it remembers; else null. */
  fileNow(relative: string): Promise<BigIntStats | null>;
  /**
   * Makes the next look into a folder tell what other machines have made there: NFS calls a file absent for up to a minute after that,
   * unless its folder is opened before.
   */
  refresh(folder: string): Promise<void>;
  /** Whether a folder of the driver's own may be there. */
  mayHave(folder: string): boolean;
  /** Makes a folder and those above it, through no link; gives those that are new. */
  make(folder: string): Promise<readonly string[]>;
  /**
   * Holds a folder, which is made if it is missing; null when it is gone again, or something else by now. The base itself is not looked
   * for, unless `again`: what is about to get a name in it lies below it.
   */
  hold(folder: string, again?: boolean): Promise<Anchor | null>;
  /** The folder of temporary files, which exists then. */
  tempFolder(): Promise<string>;
  /** A new name for a temporary file. */
  temp(): Promise<string>;
}

/** The root at an absolute path. With a mode of files, its folders can be entered by whoever may read these. */
export function rootAt(base: string, mode?: number): Root {
  const posix = sep === "/" && !inMemory;
  const below = (folder: string, relative: string): string => {
    if (relative === "") return folder;
    const start = folder.endsWith(sep) ? folder : folder + sep;
    return start + (posix ? relative : relative.replaceAll("/", sep));
  };
  const path = (relative: string): string => below(base, relative);
  /** Where the base is, links followed; undefined until it was seen. */
  let real: string | undefined;
  let local: Local = false;
  /** Whether its file system may answer without asking its server. */
  let remembers = false;
  let isSpelledSo = spellings(path);
  /** The driver's own folders that are being made: nothing is put into one before it is opened to all who may write in the base. */
  const making = new Map<string, Promise<readonly string[]>>();
  const isLocal = (): Local => local;

  async function exists(): Promise<boolean> {
    if (real !== undefined) return true;
    const found = (await orAbsent(stat(base))) ?? (await baseNow());
    if (!found) return false;
    if (!found.isDirectory()) throw new StorageError("invalid-option", "base is not a folder");
    await checkLayout(root);
    const nature = await natureOf(base);
    const target = await realpath(base);
    ({ local, remembers } = nature);
    answersAtOnce(base, !!local);
    if (nature.renumbered !== undefined) renumbers(nature.renumbered);
    isSpelledSo = spellings(path);
    // At last, since whoever finds it set goes by all of the above.
    real = target;
    return true;
  }

  /**
   * The base as its server knows it: NFS may remember that it was absent. Whether it would be on NFS is not known yet, so any parent is
   * asked. Not under Deno, which would ask its user for the right to read that.
   */
  async function baseNow(): Promise<Stats | null> {
    if (process.platform !== "linux" || "Deno" in globalThis) return null;
    await askServer(dirname(base));
    return orAbsent(stat(base));
  }

  async function whereabouts(relative: string, seen = false): Promise<Whereabouts> {
    if (relative === "") return "inside";
    const absolute = path(relative);
    return whereaboutsOf(seen && local ? realpathSync.native(absolute) : await realpath(absolute), relative);
  }

  async function whereaboutsOf(found: string, relative: string): Promise<Whereabouts> {
    const expected = (): string => below(real ?? base, relative);
    if (found !== expected()) {
      // The base itself may be a link that points elsewhere by now.
      real = undefined;
      if (!(await exists()) || found !== expected()) return fold(found) === fold(expected()) ? "respelled" : "linked";
    }
    // No two of the driver's own names differ in their spelling alone.
    return isOwn(relative) || (await isSpelledSo(relative)) ? "inside" : "respelled";
  }

  function mayHave(folder: string): boolean {
    // In memory, since every write looks into the folder above it.
    return !local || lstatSync(path(folder), { throwIfNoEntry: false }) !== undefined;
  }

  async function fileNow(relative: string): Promise<BigIntStats | null> {
    if (remembers) await refresh(folderOf(relative));
    const stats = ifFile(await lookAt(path(relative), local));
    if (!stats || !remembers) return stats;
    // What an open file is, NFS asks its server.
    try {
      const file = await open(path(relative), READ, false);
      return ifFile(await file.stat().finally(() => file.close()));
    } catch (error) {
      if (isAbsent(error)) return null;
      if (isStale(error)) throw error;
      // This user may not read it, but it is there.
      return stats;
    }
  }

  async function refresh(folder: string): Promise<void> {
    if (!remembers || (await askServer(path(folder))) || folder === "") return;
    // That it is not there may be remembered of a folder above it, too.
    await refresh(folderOf(folder));
    await askServer(path(folder));
  }

  async function make(folder: string): Promise<readonly string[]> {
    if (!isOwn(folder)) return makeNow(folder);
    const made = making.get(folder) ?? makeNow(folder).finally(() => making.delete(folder));
    making.set(folder, made);
    return made;
  }

  async function makeBase(): Promise<readonly string[]> {
    // It may have been removed since it was last seen.
    real = undefined;
    if (await exists()) return [];
    // Only one that is new gets the bits that go with the mode: no folder above it, and none that somebody else has made meanwhile.
    if ((await makeAll(base)) && mode !== undefined) await setFolderBits(base, mode);
    await exists();
    return [""];
  }

  async function makeNow(folder: string): Promise<readonly string[]> {
    if (folder === "") return makeBase();
    try {
      const where = await whereabouts(folder);
      if (where === "linked") throw linked(folder);
      if (where === "respelled") throw taken(folder, "in another spelling");
      // Said here, since Windows calls what would lie below a file as absent as what lies nowhere.
      if (!(await lstat(path(folder))).isDirectory()) throw taken(folder, "as a file");
      return [];
    } catch (error) {
      // Of the driver's own, the first that is no folder says so.
      if (!isErrno(error, "ENOENT") && !(isOwn(folder) && isErrno(error, "ENOTDIR"))) throw error;
    }
    const made = await make(folderOf(folder));
    try {
      await makeFolder(path(folder), mode);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      // Somebody else has made it in between, or it is a link that leads nowhere.
      if ((await lstat(path(folder))).isSymbolicLink() || (await whereabouts(folder)) === "linked")
        throw linked(folder);
      // Or it is this process's, and NFS has asked again: what is not new is not opened, and a base may be marked twice.
      if (!isOwn(folder) || !remembers) return made;
    }
    if (isOwn(folder)) await share(root, folder, mode);
    return [...made, folder];
  }

  async function hold(folder: string, again = false): Promise<Anchor | null> {
    await making.get(folder)?.catch(() => {});
    const held = await orAbsent(anchor(folder));
    // Without a handle nobody has seen that the folder is there.
    if (held && (held.handle || (folder === "" && !again))) return held;
    await held?.close();
    await make(folder);
    return anchor(folder);
  }

  async function tempFolder(): Promise<string> {
    await making.get(TEMP_FOLDER)?.catch(() => {});
    const held = real === undefined ? null : await orAbsent(anchor(TEMP_FOLDER));
    if (held?.handle) {
      await held.close();
      return TEMP_FOLDER;
    }
    // Rejects when the base is no folder.
    await exists();
    const made = await make(TEMP_FOLDER);
    if (made.length > 0) {
      await markLayout(root, mode);
      // For durable writes that come later. One that is under way flushes by itself, and tells when that fails.
      await syncNames(root, RESERVED).catch(() => {});
    }
    return TEMP_FOLDER;
  }

  async function temp(): Promise<string> {
    return `${await tempFolder()}/${randomUUID().replaceAll("-", "").slice(-16)}`;
  }

  // No folder stays held below a base that is a link, which may point elsewhere at any moment.
  const { anchor, release } = anchors({ path, whereaboutsOf, isLocal }, () => local && real === base);
  const root: Root = {
    base,
    posix,
    isLocal,
    path,
    exists,
    whereabouts,
    whereaboutsOf,
    mayHave,
    fileNow,
    refresh,
    make,
    hold,
    tempFolder,
    temp,
    anchor,
    release,
  };
  return root;
}

/** Whether a path is the driver's own folder, or below it. */
function isOwn(path: string): boolean {
  return `${path}/`.startsWith(`${RESERVED}/`);
}

/** Makes a folder and those above it; gives whether it is new. Not by Node's `recursive`, which says ENOENT where the disk is read-only. */
async function makeAll(folder: string): Promise<boolean> {
  try {
    await mkdir(folder).catch(async (error: unknown) => {
      if (!isErrno(error, "ENOENT") || dirname(folder) === folder) throw error;
      await makeAll(dirname(folder));
      await mkdir(folder);
    });
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** Opens and closes a folder, at which NFS asks its server for it; gives whether it is there. Never rejects. */
async function askServer(path: string): Promise<boolean> {
  try {
    await (await openNow(path, O_RDONLY | O_DIRECTORY, false)).close();
    return true;
  } catch (error) {
    // One that may not be read is there.
    return !isAbsent(error);
  }
}

function linked(folder: string): StorageError {
  return new StorageError(
    "denied",
    `the folder ${JSON.stringify(folder)} is a symbolic link, and links are not followed`,
  );
}

/** A file stands in the way, or the folder of another key whose name the file system takes for this one: the key gets another place. */
function taken(folder: string, how: string): Error {
  if (folder === RESERVED)
    return new StorageError("unknown", `${RESERVED} is the driver's own folder, but exists ${how}; rename that`);
  return Object.assign(new Error(`the folder ${JSON.stringify(folder)} exists ${how}`), { code: "ENOTDIR" });
}
