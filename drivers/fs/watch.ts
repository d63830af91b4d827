/** Telling what changes in the folder: a hint, in no promised order. */
import { watch, type FSWatcher } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename } from "node:path";
import type { WatchEvent } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { notify } from "../../src/event.ts";
import { errnoOf, orAbsent } from "./errno.ts";
import { findAt, firstOf, isReachable } from "./find.ts";
import { etagOf } from "./identity.ts";
import type { Settings } from "./options.ts";
import { keyOfEncoded, keyOfPlain, KEYS_FOLDER, pathIn, RESERVED } from "./path.ts";
import type { Root } from "./root.ts";

/** Keys whose last told state is remembered. */
const MEMORY = 10_000;

const DENIED: ReadonlySet<string> = new Set(["EACCES", "EPERM"]);

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

  async function tell(key: string): Promise<void> {
    const found = await firstOf(root, key, (candidate) => findAt(root, candidate)).catch(() => null);
    const state = found ? etagOf(found.stats) : "";
    if (stopped || told.get(key) === state) return;
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
    const timer = setTimeout(() => {
      pending.delete(key);
      void tell(key);
    }, settle);
    pending.set(key, persistent ? timer : timer.unref());
  }

  const watcher = watchTree(root, settings, changed);
  const stop = (): void => {
    stopped = true;
    for (const timer of pending.values()) clearTimeout(timer);
    watcher.close();
  };
  try {
    await watcher.ready;
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

interface TreeWatcher {
  readonly ready: Promise<void>;
  close(): void;
}

/**
 * Watches every folder on its own: Node's recursive watch on Linux opens a watch per file as well and follows links. Only
 * folders that hold objects are watched, and the one in which the folder of encoded keys may appear.
 */
function watchTree(root: Root, settings: Settings, changed: (path: string) => void): TreeWatcher {
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly files: Set<string> }>();
  let closed = false;

  /** Gives whether the folder was watched. */
  function drop(folder: string): boolean {
    const known = watchers.has(folder);
    for (const [path, { watcher, files }] of watchers) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      watchers.delete(path);
      // What goes away with its folder tells nothing of itself.
      for (const name of files) changed(pathIn(path, name));
    }
    return known;
  }

  /** `fresh` says that files found are new: they were written before the watch began. */
  async function add(folder: string, fresh: boolean): Promise<void> {
    if (closed || watchers.has(folder) || !isWatched(folder, settings)) return;
    if (!(await isReachable(root, folder)) || closed || watchers.has(folder)) return;
    let watcher: FSWatcher;
    try {
      watcher = watch(root.path(folder), { persistent: settings.watch.persistent }, (_, name) => {
        // Nobody waits for it: an ignore function that throws would end the process.
        if (name !== null) look(folder, name).catch(() => {});
      });
    } catch (error) {
      const code = errnoOf(error) ?? "";
      if (code === "ENOENT" || code === "ENOTDIR" || (settings.watch.passDenied && DENIED.has(code))) return;
      throw code === "ENOSPC" || code === "EMFILE" ? limit(error) : error;
    }
    const files = new Set<string>();
    watchers.set(folder, { watcher, files });
    watcher.on("error", () => drop(folder));
    for (const entry of (await orAbsent(readdir(root.path(folder), { withFileTypes: true }))) ?? []) {
      const path = pathIn(folder, entry.name);
      if (entry.isDirectory()) await add(path, fresh);
      else {
        files.add(entry.name);
        if (fresh) changed(path);
      }
    }
  }

  async function look(folder: string, name: string): Promise<void> {
    const path = pathIn(folder, name);
    // Before the wait: the end of the folder above may drop it meanwhile.
    const known = watchers.has(path);
    const stats = await lstat(root.path(path)).catch(() => null);
    if (closed) return;
    // A folder that was removed and made again has a new inode, which the old watch does not see.
    const wasFolder = drop(path) || known;
    const files = watchers.get(folder)?.files;
    if (stats?.isDirectory()) {
      // In place of a file.
      if (files?.delete(name)) changed(path);
      await add(path, true).catch(() => {});
    } else if (stats) {
      files?.add(name);
      changed(path);
    }
    // A folder is no object; and a watched one tells its own end as the end of something in it that has its name.
    else if (!wasFolder && !(name === basename(root.path(folder)) && !(await isThere(folder)))) {
      files?.delete(name);
      changed(path);
    }
  }

  async function isThere(folder: string): Promise<boolean> {
    // The base may be a link, which stays when its folder goes.
    return (await stat(root.path(folder)).catch(() => null)) !== null;
  }

  return {
    ready: add("", settings.watch.initial),
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
