/** The root folder: where it is, what kind it is, and that nothing leads out of it. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { StorageError } from "../../src/error.ts";
import { errnoOf, orAbsent, patiently } from "./errno.ts";
import { inMemory } from "./host.ts";
import { folderOf, RESERVED } from "./path.ts";
import { syncNames } from "./sync.ts";

/** The version of the layout that this driver reads and writes. */
const VERSION = "1";
const TEMP_FOLDER: string = `${RESERVED}/tmp`;

/** Where a file or folder really is: below the root, elsewhere through a link, or under another spelling of its name. */
export type Whereabouts = "inside" | "linked" | "respelled";

/** A root folder, which need not exist yet. */
export interface Root {
  /** Absolute path. */
  readonly base: string;
  /** Whether the host takes any byte but `/` and NUL in a name. */
  readonly posix: boolean;
  /** The absolute path of a relative one. */
  path(relative: string): string;
  /** Whether the folder is there; rejects when it is no folder or of a later layout. */
  exists(): Promise<boolean>;
  /** Follows every link on the way to a file or folder that exists. */
  whereabouts(path: string): Promise<Whereabouts>;
  /** The same of a path that is known to be without links. */
  place(found: string, path: string): Promise<Whereabouts>;
  /** Makes a folder and those above it, through no link; gives those that are new. */
  make(folder: string): Promise<readonly string[]>;
  /** The folder of temporary files, which exists then. */
  tempFolder(): Promise<string>;
  /** A new name for a temporary file. */
  temp(): Promise<string>;
}

/** The root at an absolute path. */
export function rootAt(base: string): Root {
  const posix = sep === "/" && !inMemory;
  const path = (relative: string): string =>
    relative === "" ? base : join(base, posix ? relative : relative.replaceAll("/", sep));
  let real: string | undefined;

  async function exists(): Promise<boolean> {
    if (real !== undefined) return true;
    const found = await orAbsent(stat(base));
    if (!found) return false;
    if (!found.isDirectory()) throw new StorageError("invalid-option", "base is not a folder");
    const version = await orAbsent(patiently(() => readFile(path(`${RESERVED}/version`), "utf8")));
    // Empty: another process is writing it this moment.
    if (version !== null && version.trim() !== "" && version.trim() !== VERSION) {
      throw new StorageError(
        "unsupported",
        `the folder has layout ${JSON.stringify(version.trim().slice(0, 20))}, this version reads ${VERSION}; use a later one`,
      );
    }
    real = await realpath(base);
    return true;
  }

  async function whereabouts(relative: string): Promise<Whereabouts> {
    return relative === "" ? "inside" : place(await realpath(path(relative)), relative);
  }

  async function place(found: string, relative: string): Promise<Whereabouts> {
    const expected = (): string => join(real ?? base, posix ? relative : relative.replaceAll("/", sep));
    if (found === expected()) return "inside";
    // The base itself may be a link that points elsewhere by now.
    real = undefined;
    if ((await exists()) && found === expected()) return "inside";
    return fold(found) === fold(expected()) ? "respelled" : "linked";
  }

  async function make(folder: string): Promise<readonly string[]> {
    if (folder === "") {
      // It may have been removed since it was last seen.
      real = undefined;
      if (await exists()) return [];
      await mkdir(base, { recursive: true });
      await exists();
      return [""];
    }
    try {
      const place = await whereabouts(folder);
      if (place === "linked") throw linked(folder);
      if (place === "respelled") throw taken(folder);
      return [];
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    }
    const made = await make(folderOf(folder));
    try {
      await mkdir(path(folder));
      return [...made, folder];
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    // Made by someone else in between; a link that leads nowhere exists as well.
    if ((await lstat(path(folder))).isSymbolicLink() || (await whereabouts(folder)) === "linked") throw linked(folder);
    return made;
  }

  async function tempFolder(): Promise<string> {
    // Says what is wrong with a base that is no folder.
    await exists();
    const made = await make(TEMP_FOLDER);
    if (made.length > 0) {
      await writeVersion();
      // Not left to the first durable write: that one would find the folders there.
      await syncNames(root, RESERVED);
    }
    return TEMP_FOLDER;
  }

  async function temp(): Promise<string> {
    return `${await tempFolder()}/${randomBytes(8).toString("hex")}`;
  }

  async function writeVersion(): Promise<void> {
    try {
      const handle = await patiently(() => open(path(`${RESERVED}/version`), "wx"));
      await handle.writeFile(`${VERSION}\n`).finally(() => handle.close());
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }

  const root: Root = { base, posix, path, exists, whereabouts, place, make, tempFolder, temp };
  return root;
}

function linked(folder: string): StorageError {
  return new StorageError(
    "denied",
    `the folder ${JSON.stringify(folder)} is a symbolic link, and links are not followed`,
  );
}

/** On a file system that folds case, the folder of another key: for this key as good as a file on the way. */
function taken(folder: string): Error {
  return Object.assign(new Error(`the folder ${JSON.stringify(folder)} exists in another spelling`), {
    code: "ENOTDIR",
  });
}

/** As case-folding and normalising file systems compare names. */
function fold(path: string): string {
  return path.normalize("NFC").toLowerCase();
}
