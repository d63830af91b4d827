/** Holding files and folders by their descriptors, so that a link which takes their place while a call runs steers nothing. */
import { constants, lstatSync, readlinkSync } from "node:fs";
import { StorageError } from "../../src/error.ts";
import { quietly } from "../../src/quietly.ts";
import { isAbsent } from "./errno.ts";
import { keptIf, open, type File, type Paths } from "./file.ts";
import { pathIn } from "./path.ts";

const { O_RDONLY, O_NOFOLLOW = 0, O_DIRECTORY = 0 } = constants;

/** Where a path below the root leads: to that place, elsewhere through a link, or to a name in another spelling. */
export type Whereabouts = "inside" | "linked" | "respelled";

/** What is asked of a root. */
export interface Places extends Paths {
  /** Where a path leads that was followed already; `found` is where it has ended. */
  whereaboutsOf(found: string, path: string): Promise<Whereabouts>;
}

/** A folder in which names mean the same until it is let go. */
export interface Anchor {
  /** The path of the folder. */
  readonly folder: string;
  /** The path of a name in the folder. */
  path(name: string): string;
  /** The open folder, where one is held. */
  readonly handle: File | null;
  close(): Promise<void>;
}

const GONE = " (deleted)";

/** Whether {@link pathOf} has paths: asked once, since runtimes may forbid it on Linux, too. */
let hasPaths: boolean | undefined;

/** The path under which an open file is reached, whatever has taken its name meanwhile; null where the system has none. */
export function pathOf({ fd }: File): string | null {
  const path = `/proc/self/fd/${fd}`;
  hasPaths ??= process.platform === "linux" && isReadable(path);
  return hasPaths ? path : null;
}

function isReadable(path: string): boolean {
  try {
    // Without following it, so that the file itself is not asked.
    return lstatSync(path).isSymbolicLink() && readlinkSync(path) !== "";
  } catch {
    return false;
  }
}

/** Whether Node's permission model, where it is on, lets the process write by a path: it goes by its text, so that of the base does not do. */
function isWritable(path: string): boolean {
  const { permission } = process as { permission?: { has(right: string, path: string): boolean } };
  return permission?.has("fs.write", path) ?? true;
}

/** Where an open file is now: at this path below the root, `gone` from there, or elsewhere through a link; unknown where the system does not tell. */
export async function placeOf(
  root: Places,
  file: File,
  path: string,
): Promise<"inside" | "gone" | "linked" | "unknown"> {
  const at = pathOf(file);
  if (at === null) return "unknown";
  const found = readlink(at);
  if (found === null || (await root.whereaboutsOf(found, path)) === "inside") return "inside";
  // So Linux marks the path of a file that was replaced or removed.
  const was = found.endsWith(GONE) ? found.slice(0, -GONE.length) : null;
  return was !== null && (await root.whereaboutsOf(was, path)) === "inside" ? "gone" : "linked";
}

/** Not on a thread: the system has it in memory, whatever file system the file is on. */
function readlink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Where a folder that is held is; null when that cannot be told. */
function whereIs({ folder }: Anchor): string | null {
  try {
    return readlinkSync(folder);
  } catch {
    return null;
  }
}

/** The refusal of a write into a folder that could not be held. */
export function becameLink(): StorageError {
  return new StorageError("denied", "a folder on the way became a link");
}

/** Holds a folder below the root; null when a link on the way leads elsewhere, or it has gone since it was opened. On Linux it rejects when it is absent. */
export async function anchor(root: Places, folder: string): Promise<Anchor | null> {
  const plain: Anchor = {
    folder: root.path(folder),
    path: (name) => root.path(pathIn(folder, name)),
    handle: null,
    close: async () => {},
  };
  // The base is not held: whoever may swap it can do anything. Elsewhere than on Linux there are names alone.
  if (folder === "" || process.platform !== "linux") return plain;
  const handle = await open(root.path(folder), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, root.isLocal());
  const at = pathOf(handle);
  return keptIf(handle, async () => {
    if (at !== null && (await placeOf(root, handle, folder)) !== "inside") return null;
    if (at !== null && isWritable(at))
      return { folder: at, path: (name: string) => `${at}/${name}`, handle, close: () => handle.close() };
    // By its name alone.
    await handle.close();
    return plain;
  });
}

/**
 * How long a folder stays held for further reads and writes, in milliseconds. So late is it noticed that something was mounted over it,
 * which its place does not tell.
 */
const HELD_MS = 1000;
/** How many folders stay held. */
const MOST_HELD = 8;

interface Held {
  readonly anchor: Anchor;
  /** Where it was. */
  readonly found: string;
  readonly timer: ReturnType<typeof setTimeout>;
  users: number;
  isOver: boolean;
}

/** Folders that stay held for a moment, since a call often goes where the one before went. */
export interface Anchors {
  /** As {@link anchor}. */
  anchor(folder: string): Promise<Anchor | null>;
  /** Lets all go, as soon as their users do. */
  release(): void;
}

/**
 * Holds folders of a root. One that stays held serves again while it is where it was: that is all that opening it anew would tell, and the
 * system has it in memory. `mayStay` says whether folders may stay held.
 */
export function anchors(root: Places, mayStay: () => boolean): Anchors {
  const folders = new Map<string, Held>();

  function end(folder: string, held: Held): void {
    held.isOver = true;
    clearTimeout(held.timer);
    if (folders.get(folder) === held) folders.delete(folder);
    if (held.users === 0) void held.anchor.close().catch(() => {});
  }

  function use(held: Held): Anchor {
    held.users++;
    let isUsed = true;
    const close = async (): Promise<void> => {
      if (!isUsed) return;
      isUsed = false;
      held.users--;
      if (held.isOver && held.users === 0) await held.anchor.close();
    };
    return { ...held.anchor, close };
  }

  return {
    async anchor(folder) {
      const before = folders.get(folder);
      if (before) {
        // The one used last is let go last: objects come and go in few folders, their records in 256.
        folders.delete(folder);
        if (whereIs(before.anchor) === before.found) {
          folders.set(folder, before);
          return use(before);
        }
        end(folder, before);
      }
      const held = await anchor(root, folder);
      const found = held?.handle && mayStay() ? whereIs(held) : null;
      // One of which cannot be told where it is could not be compared later.
      if (!held || found === null) return held;
      // Another call may have opened it in the meantime.
      for (const [name, other] of folders) if (name === folder || folders.size >= MOST_HELD) end(name, other);
      const timer = setTimeout(() => end(folder, kept), HELD_MS);
      quietly(timer);
      const kept: Held = { anchor: held, found, timer, users: 0, isOver: false };
      folders.set(folder, kept);
      return use(kept);
    },
    release() {
      for (const [folder, held] of folders) end(folder, held);
    },
  };
}
