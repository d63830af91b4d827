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
import { makeFolder, openTo } from "./mode.ts";
import { share } from "./owner.ts";
import { folderOf, RESERVED, TEMP_FOLDER } from "./path.ts";
import { answersAtOnce } from "./refusal.ts";
import { fold, spellings } from "./spelling.ts";
import { syncNames } from "./sync.ts";
import { checkVersion, writeVersion } from "./version.ts";

const { O_RDONLY, O_DIRECTORY = 0 } = constants;

/** A root folder, which need not exist yet. */
export interface Root extends Anchors, Places {
  /** Absolute path. */
  readonly base: string;
  /** Whether the host takes any byte but `/` and NUL in a name. */
  readonly posix: boolean;
  /** Whether the folder is there; rejects when it is no folder or of a later layout. */
  exists(): Promise<boolean>;
  /** Follows every link on the way to a file or folder that exists; of one that was `seen` this moment the system has all in memory. */
  whereabouts(path: string, seen?: boolean): Promise<Whereabouts>;
  /** What is at a path at this moment, if it is a regular file; else null. Also where the file system would tell what it remembers. */
  fileNow(relative: string): Promise<BigIntStats | null>;
  /**
   * Sees to it that the next look into a folder tells what other machines have made there, on file systems that remember: opening it makes
   * them ask. Else NFS calls a file absent for up to a minute after another machine has made it.
   */
  refresh(folder: string): Promise<void>;
  /** Whether a folder of the driver's own may be there. */
  mayHave(folder: string): boolean;
  /** Makes a folder and those above it, through no link; gives those that are new. */
  make(folder: string): Promise<readonly string[]>;
  /**
   * Holds a folder, which is made if it is missing; null when it is gone again, or something else by now. The root itself is only looked
   * for `again`, since what is about to get a name in it lies there.
   */
  hold(folder: string, again?: boolean): Promise<Anchor | null>;
  /** The folder of temporary files, which exists then. */
  tempFolder(): Promise<string>;
  /** A new name for a temporary file. */
  temp(): Promise<string>;
}

/** The root at an absolute path; with a mode of files, its folders are made for those whom these are for. */
export function rootAt(base: string, mode?: number): Root {
  const posix = sep === "/" && !inMemory;
  const below = (folder: string, relative: string): string => {
    if (relative === "") return folder;
    const start = folder.endsWith(sep) ? folder : folder + sep;
    return start + (posix ? relative : relative.replaceAll("/", sep));
  };
  const path = (relative: string): string => below(base, relative);
  let real: string | undefined;
  let local: Local = false;
  let remembers = false;
  let isSpelledSo = spellings(path);
  const isLocal = (): Local => local;

  async function exists(): Promise<boolean> {
    if (real !== undefined) return true;
    const found = (await orAbsent(stat(base))) ?? (await lookAgain());
    if (!found) return false;
    if (!found.isDirectory()) throw new StorageError("invalid-option", "base is not a folder");
    await checkVersion({ path, isLocal });
    const [nature, place] = [await natureOf(base), await realpath(base)];
    ({ local, remembers } = nature);
    answersAtOnce(base, !!local);
    if (nature.renumbered !== undefined) renumbers(nature.renumbered);
    isSpelledSo = spellings(path);
    // At last: who comes meanwhile goes by it.
    real = place;
    return true;
  }

  /**
   * What kind of file system it would be on is not known, so its parent is opened as {@link refresh} would. Not under Deno, which asks its
   * user for that right.
   */
  async function lookAgain(): Promise<Stats | null> {
    if (process.platform !== "linux" || "Deno" in globalThis) return null;
    await opened(dirname(base));
    return orAbsent(stat(base));
  }

  async function whereabouts(relative: string, seen = false): Promise<Whereabouts> {
    if (relative === "") return "inside";
    return whereaboutsOf(
      seen && local ? realpathSync.native(path(relative)) : await realpath(path(relative)),
      relative,
    );
  }

  function mayHave(folder: string): boolean {
    // In memory, since every write looks into the folder above.
    return !local || lstatSync(path(folder), { throwIfNoEntry: false }) !== undefined;
  }

  async function whereaboutsOf(found: string, relative: string): Promise<Whereabouts> {
    const expected = (): string => below(real ?? base, relative);
    if (found !== expected()) {
      // The base itself may be a link that points elsewhere by now.
      real = undefined;
      const isThere = (await exists()) && found === expected();
      if (!isThere) return fold(found) === fold(expected()) ? "respelled" : "linked";
    }
    // No two of the driver's own names differ in their spelling alone.
    return isOwn(relative) || (await isSpelledSo(relative)) ? "inside" : "respelled";
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
    if (!remembers) return;
    const isThere = (): Promise<boolean> => opened(path(folder));
    if ((await isThere()) || folder === "") return;
    // Or one above it is new.
    await refresh(folderOf(folder));
    await isThere();
  }

  /** Folders of the driver's own that are being made: nothing is put into them before they are shared. */
  const making = new Map<string, Promise<readonly string[]>>();

  async function make(folder: string): Promise<readonly string[]> {
    if (!isOwn(folder)) return makeNow(folder);
    const made = making.get(folder) ?? makeNow(folder).finally(() => making.delete(folder));
    making.set(folder, made);
    return made;
  }

  async function makeNow(folder: string): Promise<readonly string[]> {
    if (folder === "") {
      // It may have been removed since it was last seen.
      real = undefined;
      if (await exists()) return [];
      // Not those above it, nor one that somebody else has made meanwhile.
      if ((await makeAll(base)) && mode !== undefined) await openTo(base, mode);
      await exists();
      return [""];
    }
    try {
      const place = await whereabouts(folder);
      if (place === "linked") throw linked(folder);
      if (place === "respelled") throw taken(folder, "in another spelling");
      // What lies below a file is to Windows as absent as what lies nowhere.
      if (!(await lstat(path(folder))).isDirectory()) throw taken(folder, "as a file");
      return [];
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
    const made = await make(folderOf(folder));
    try {
      await makeFolder(path(folder), mode);
      if (isOwn(folder)) await share({ path, whereaboutsOf, isLocal }, folder, mode);
      return [...made, folder];
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
    // Made by someone else in between; a link that leads nowhere exists as well.
    if ((await lstat(path(folder))).isSymbolicLink() || (await whereabouts(folder)) === "linked") throw linked(folder);
    return made;
  }

  async function hold(folder: string, again = false): Promise<Anchor | null> {
    await making.get(folder)?.catch(() => {});
    const held = await orAbsent(anchor(folder));
    if (held?.handle || (held && folder === "" && !again)) return held;
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
    // Says what is wrong with a base that is no folder.
    await exists();
    const made = await make(TEMP_FOLDER);
    if (made.length > 0) {
      await writeVersion({ path, isLocal }, mode);
      // For whoever asks for it later; who does so now is told by a flush of its own when none is possible.
      await syncNames(root, RESERVED).catch(() => {});
    }
    return TEMP_FOLDER;
  }

  async function temp(): Promise<string> {
    return `${await tempFolder()}/${randomUUID().replaceAll("-", "").slice(-16)}`;
  }

  // A base that is a link may point elsewhere at any moment, which no folder that is held would tell.
  const { anchor, release } = anchors({ path, whereaboutsOf, isLocal }, () => local && real === base);
  const root: Root = {
    ...{
      base,
      posix,
      isLocal,
      path,
      exists,
      whereabouts,
      fileNow,
      refresh,
      mayHave,
      whereaboutsOf,
      make,
      anchor,
      release,
    },
    ...{ hold, tempFolder, temp },
  };
  return root;
}

/** Whether a path is the driver's own folder, or below it. */
function isOwn(path: string): boolean {
  return `${path}/`.startsWith(`${RESERVED}/`);
}

/** Makes a folder and those above it, and gives whether it was not there. Node does too, but says ENOENT where the disk is read-only. */
async function makeAll(folder: string): Promise<boolean> {
  const made = (): Promise<boolean> =>
    mkdir(folder).then(
      () => true,
      (error: unknown) => {
        if (isErrno(error, "EEXIST")) return false;
        throw error;
      },
    );
  return made().catch(async (error: unknown) => {
    if (!isErrno(error, "ENOENT") || dirname(folder) === folder) throw error;
    await makeAll(dirname(folder));
    return made();
  });
}

/** Opens and closes a folder, and gives whether there is one. Never rejects: to look into one that may not be read is no failure. */
async function opened(path: string): Promise<boolean> {
  try {
    await (await openNow(path, O_RDONLY | O_DIRECTORY, false)).close();
    return true;
  } catch (error) {
    return !isAbsent(error);
  }
}

function linked(folder: string): StorageError {
  return new StorageError(
    "denied",
    `the folder ${JSON.stringify(folder)} is a symbolic link, and links are not followed`,
  );
}

/** A file on the way or, on a file system that folds case, the folder of another key, which is for this key as good as one. */
function taken(folder: string, how: string): Error {
  return Object.assign(new Error(`the folder ${JSON.stringify(folder)} exists ${how}`), { code: "ENOTDIR" });
}
