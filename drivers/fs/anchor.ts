/** Holding files and folders by their descriptors, so that a link which takes their place while a call runs steers nothing. */
import { constants } from "node:fs";
import { lstat, readlink, type FileHandle } from "node:fs/promises";
import { orAbsent, patiently } from "./errno.ts";
import { open } from "./host.ts";
import type { Root } from "./root.ts";

const { O_RDONLY, O_NOFOLLOW = 0, O_DIRECTORY = 0 } = constants;

/** A folder in which names mean the same until it is let go. */
export interface Anchor {
  /** The path of the folder. */
  readonly folder: string;
  /** The path of a name in the folder. */
  path(name: string): string;
  /** The open folder, where one is held. */
  readonly handle: FileHandle | null;
  close(): Promise<void>;
}

const GONE = " (deleted)";

/** Whether what an open file is reached by tells where it is; asked once, since runtimes may forbid it. */
let linux: Promise<boolean> | undefined;

/** The path under which an open file is reached, whatever has taken its name meanwhile; null where the system has none. */
export async function pathOf(handle: FileHandle): Promise<string | null> {
  const path = `/proc/self/fd/${handle.fd}`;
  // Without following it, so that nothing is said of the file itself.
  linux ??=
    process.platform === "linux"
      ? lstat(path)
          .then(
            () => readlink(path).then(() => true),
            () => false,
          )
          .catch(() => false)
      : Promise.resolve(false);
  return (await linux) ? path : null;
}

/** Where an open file is now: at this path below the root, `gone` from it, or elsewhere through a link. */
export async function placeOf(root: Root, handle: FileHandle, path: string): Promise<"inside" | "gone" | "linked"> {
  const at = await pathOf(handle);
  if (at === null) return "inside";
  const found = await orAbsent(readlink(at));
  if (found === null) return "inside";
  if ((await root.place(found, path)) === "inside") return "inside";
  // As Linux calls what has no name any more: it was inside, and has been replaced or removed.
  const was = found.endsWith(GONE) ? found.slice(0, -GONE.length) : null;
  return was !== null && (await root.place(was, path)) === "inside" ? "gone" : "linked";
}

/** Holds a folder below the root that has been looked at; null when it has gone meanwhile, or a link on the way leads elsewhere. */
export async function anchor(root: Root, folder: string): Promise<Anchor | null> {
  const plain: Anchor = {
    folder: root.path(folder),
    path: (name) => root.path(folder === "" ? name : `${folder}/${name}`),
    handle: null,
    close: async () => {},
  };
  // Who may swap the base itself is not kept off by anything in it. Elsewhere than on Linux only names can be used.
  if (folder === "" || process.platform !== "linux") return plain;
  const handle = await patiently(() => open(root.path(folder), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const at = await pathOf(handle);
  if (at !== null && (await placeOf(root, handle, folder)) === "inside")
    return { folder: at, path: (name) => `${at}/${name}`, handle, close: () => handle.close() };
  await handle.close();
  return at === null ? plain : null;
}
