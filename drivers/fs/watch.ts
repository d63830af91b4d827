/** Telling what changes in the folder: a hint, in no promised order. */
import { watch, type FSWatcher } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import type { WatchEvent } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { notify } from "../../src/event.ts";
import { quietly } from "../../src/quietly.ts";
import { isErrno, isKeptBack, orAbsent } from "./errno.ts";
import { findAt, firstOf, isReachable } from "./find.ts";
import { etagOf } from "./identity.ts";
import type { Settings } from "./options.ts";
import { folderOf, keyOfEncoded, keyOfPlain, KEYS_FOLDER, nameOf, pathIn, RESERVED } from "./path.ts";
import type { Root } from "./root.ts";

/** How many keys are remembered with the state that was told last. */
const MEMORY = 10_000;

/** How often a file is looked at before it is told though its folder is not watched yet, or given up since no look succeeds. */
const LOOKS = 10;

type Listener = (event: WatchEvent, key: string) => void;

/** Watches the folder; resolves with the function that stops it. A missing folder is made, unless it is read-only. */
export async function watchFolder(root: Root, settings: Settings, listener: Listener): Promise<() => void> {
  if (!settings.readOnly) await root.make("");
  if (!(await root.exists()))
    throw new StorageError("unavailable", "the folder to watch does not exist", { retryable: false });
  const told = new Map<string, string>();
  const pending = new Map<string, ReturnType<typeof setTimeout>>();
  const { persistent, settle, rest } = settings.watch;
  let stopped = false;

  async function tell(key: string, looks: number): Promise<void> {
    // Undefined where the look fails.
    const found = await firstOf(root, key, (candidate) => findAt(root, candidate)).catch(() => undefined);
    if (stopped) return;
    // Too early: the look has failed, or the file's folder came this moment and is not watched yet.
    if (looks < LOOKS && (found === undefined || (found && !tree.follow(found.candidate.path)))) {
      if (!pending.has(key)) later(key, looks + 1);
      return;
    }
    if (found === undefined) return;
    const state = found ? etagOf(found.stats) : "";
    if (told.get(key) === state) return;
    told.delete(key);
    told.set(key, state);
    const oldest = told.keys().next();
    if (told.size > MEMORY && !oldest.done) told.delete(oldest.value);
    notify(listener, found ? "update" : "remove", key);
  }

  function changed(path: string): void {
    const key = path.startsWith(`${RESERVED}/`) ? keyOfEncoded(path) : keyOfPlain(path, root.posix);
    if (stopped || key === null || isIgnored(key, settings)) return;
    const waiting = pending.get(key);
    if (waiting && !rest) return;
    clearTimeout(waiting);
    later(key, 1);
  }

  function later(key: string, looks: number): void {
    const timer = setTimeout(() => {
      pending.delete(key);
      // An ignore function that throws must not end the process.
      tell(key, looks).catch(() => {});
    }, settle);
    pending.set(key, persistent ? timer : quietly(timer));
  }

  const tree = watchTree(root, settings, changed);
  const stop = (): void => {
    stopped = true;
    for (const timer of pending.values()) clearTimeout(timer);
    tree.close();
  };
  try {
    await tree.ready;
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

interface TreeWatcher {
  readonly ready: Promise<void>;
  /** Sees to it that the end of a file will be noticed; false while its folder, which came this moment, is not watched. */
  follow(path: string): boolean;
  close(): void;
}

/**
 * Watches every folder on its own: Node's recursive watch on Linux opens a watch per file as well and follows links. Only
 * folders that hold objects are watched, and the one in which the folder of encoded keys may appear.
 */
function watchTree(root: Root, settings: Settings, changed: (path: string) => void): TreeWatcher {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly files: Set<string> }>();
  /** Paths that are being looked at, and whether each has changed since. */
  const looking = new Map<string, boolean>();
  let [begun, closed] = [false, false];

  function drop(folder: string): void {
    for (const [path, { watcher, files }] of watchers) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      watchers.delete(path);
      // The system tells nothing of files that go away with their folder.
      for (const name of files) changed(pathIn(path, name));
    }
  }

  /** Watches a folder and those below it. With `fresh`, the files in them are told: they came before their folder was watched. */
  async function add(folder: string, fresh: boolean): Promise<void> {
    if (closed || watchers.has(folder) || !isWatched(folder, settings)) return;
    if (!(await isReachable(root, folder)) || closed || watchers.has(folder)) return;
    let watcher: FSWatcher;
    const { persistent } = settings.watch;
    // Deno passes over the option, and each event keeps the process alive anew.
    const free = (): void => void (persistent || watcher.unref());
    try {
      watcher = watch(root.path(folder), { persistent }, (_, name) => {
        queueMicrotask(free);
        // An ignore function that throws must not end the process.
        if (name !== null) noticed(folder, name).catch(() => {});
      });
    } catch (error) {
      const passed = settings.watch.passDenied && isErrno(error, "EACCES", "EPERM");
      if (passed || isErrno(error, "ENOENT", "ENOTDIR") || isKeptBack(folder, error)) return;
      throw isErrno(error, "ENOSPC", "EMFILE") ? limit(error) : error;
    }
    free();
    const files = new Set<string>();
    watchers.set(folder, { watcher, files });
    watcher.on("error", () => drop(folder));
    for (const entry of (await orAbsent(readdir(root.path(folder), { withFileTypes: true }))) ?? []) {
      const path = pathIn(folder, entry.name);
      // One that cannot be watched is a failure at the beginning alone; later it must not keep the others from being watched.
      if (entry.isDirectory())
        await add(path, fresh).catch((error: unknown) => {
          if (!begun) throw error;
        });
      else if (!entry.isSymbolicLink()) {
        files.add(entry.name);
        if (fresh) changed(path);
      }
    }
  }

  /** Looks at one path once at a time: a look that ends late would undo what a later one has told. */
  async function noticed(folder: string, name: string): Promise<void> {
    const path = pathIn(folder, name);
    if (looking.has(path)) {
      looking.set(path, true);
      return;
    }
    try {
      do {
        looking.set(path, false);
        await look(folder, name);
      } while (looking.get(path));
    } finally {
      looking.delete(path);
    }
  }

  async function look(folder: string, name: string): Promise<void> {
    const path = pathIn(folder, name);
    const stats = await orAbsent(lstat(root.path(path))).catch(() => undefined);
    if (closed) return;
    if (stats === undefined) {
      // It cannot be looked at, which does not say that it is gone.
      if (watchers.get(folder)?.files.has(name)) changed(path);
      return;
    }
    // A folder that was removed and made again has a new inode, which the old watch does not see.
    drop(path);
    const files = watchers.get(folder)?.files;
    if (stats?.isFile()) {
      files?.add(name);
      changed(path);
      return;
    }
    // Nothing is told of what was no file: a folder is no object, a watched folder tells its own end as that of something in it, and Deno
    // tells the end of what is in other folders.
    if (files?.delete(name)) changed(path);
    if (stats?.isDirectory()) await add(path, true).catch(() => {});
  }

  return {
    ready: add("", settings.watch.initial).then(() => void (begun = true)),
    follow(path) {
      const files = watchers.get(folderOf(path))?.files;
      if (files && !files.has(nameOf(path))) {
        // It may have gone before it was followed.
        files.add(nameOf(path));
        changed(path);
      }
      return files !== undefined;
    },
    close() {
      closed = true;
      for (const { watcher } of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

function isWatched(folder: string, settings: Settings): boolean {
  if (folder === "" || folder === RESERVED || folder === KEYS_FOLDER || folder.startsWith(`${KEYS_FOLDER}/`))
    return true;
  return !folder.startsWith(`${RESERVED}/`) && !isIgnored(folder, settings);
}

function isIgnored(path: string, { ignore, watch }: Settings): boolean {
  return ignore(path) || watch.ignored(path);
}

function limit(cause: unknown): StorageError {
  return new StorageError(
    "unavailable",
    "the system watches no more folders; raise its limit (fs.inotify.max_user_watches)",
    { cause, retryable: false },
  );
}
