/** The object interface of an unstorage Storage: every key goes to the driver that is mounted for it. */
import { pageAt } from "./cursor.ts";
import { StorageError } from "./error.ts";
import type { CopyOptions, ListOptions, ObjectInfo, ObjectStore, UploadsOptions } from "./interface.ts";
import { objectHeaders, prefixed } from "./options.ts";
import { listing, type Load } from "./pages.ts";
import { type Probe, probeOptions } from "./probe.ts";
import { renamed, renamedPages, renamedState, renamedUploads, renaming } from "./renamed.ts";
import { scoped } from "./scoped.ts";
import { refuseReplaced, refuseTwin } from "./twin.ts";
import { releasing } from "./upload.ts";

/** What is needed of an unstorage Storage, also one made by `prefixStorage`, in either major. */
export interface StorageLike {
  hasItem(key: string, options?: object): Promise<boolean>;
}

/** The store below a prefix of a driver. */
type View = (driver: ObjectStore, prefix: string) => ObjectStore;

/** Where a caller's key leads: `head` of it names the mount, `rest` is the raw key in `store`. */
interface Target {
  readonly store: ObjectStore;
  readonly head: string;
  readonly rest: string;
}

/**
 * The object verbs over a Storage's mounts: `objects(storage).upload("uploads:avatars/1.jpg", body)`. What follows the mount
 * is a raw key, so `//`, `?` and the like survive; keys in results have the caller's form. A key that leads to a driver
 * without object verbs rejects `unsupported`. A listing shows one mount, the one that its prefix leads to.
 */
export function objects(storage: StorageLike): ObjectStore {
  const views = new Map<ObjectStore, Map<string, ObjectStore>>();
  // One scoped store per driver and prefix, so that two keys below it are seen to share a store.
  const view: View = (driver, prefix) => {
    const known = views.get(driver) ?? new Map<string, ObjectStore>();
    const scope = known.get(prefix) ?? driver.scoped(prefix);
    views.set(driver, known.set(prefix, scope));
    return scope;
  };
  const resolve = (key: string): Promise<Target> => resolveKey(storage, view, key);
  const at = async <T>(key: string, run: (target: Target) => Promise<T>): Promise<T> => {
    const target = await resolve(key);
    return renaming(run(target), (found) => target.head + found);
  };

  const store: ObjectStore = {
    upload: (key, body, options) => at(key, (to) => to.store.upload(to.rest, body, options)),
    download: (key, options) => at(key, (to) => to.store.download(to.rest, options)),
    delete: async (keys, options) => {
      if (typeof keys === "string") return at(keys, (to) => to.store.delete(to.rest, options));
      await deleteByMount(await Promise.all(keys.map((key) => resolve(key))), options);
    },
    exists: (key, options) => at(key, (to) => to.store.exists(to.rest, options)),
    presign: (key, options) => at(key, (to) => to.store.presign(to.rest, options)),
    head: (key, options) => at(key, (to) => to.store.head(to.rest, options)),
    list: (options: ListOptions = {}) => {
      const begin = (): Load => {
        let mounted: Promise<Load> | undefined;
        const load: Load = async (cursor) => (await (mounted ??= loadMounted(options)))(cursor);
        // The driver knows the prefix below its mount, which another mount may have too.
        return (cursor) => pageAt(options ?? {}, cursor, load);
      };
      return listing(begin, options?.cursor);
    },
    copy: (from, to, options) => transfer(from, to, options, "copy"),
    move: (from, to, options) => transfer(from, to, options, "move"),
    deletePrefix: async (prefix, options) => {
      const to = await resolve(prefix);
      return to.store.deletePrefix(to.rest, options);
    },
    createMultipartUpload: async (key, options) => {
      const to = await resolve(key);
      return renamed(to.store.createMultipartUpload(to.rest, options), (name) => to.head + name);
    },
    resumeMultipartUpload: async (key, upload) => {
      const to = await resolve(key);
      const state = renamedState(upload, key, to.rest);
      return renamed(to.store.resumeMultipartUpload(to.rest, state), (name) => to.head + name);
    },
    listUploads: (options = {}) => listMounted(options),
    sweepUploads: async (options = {}) => {
      const to = await resolve(options?.prefix ?? "");
      return to.store.sweepUploads(prefixed(options, () => to.rest));
    },
    update: (key, fn, options) => at(key, (to) => to.store.update(to.rest, fn, options)),
    scoped: (prefix) => scoped(store, prefix),
  };

  async function loadMounted(options: ListOptions): Promise<Load> {
    const to = await resolve(options?.prefix ?? "");
    const inner = prefixed(options, () => to.rest);
    return renamedPages(
      (cursor) => to.store.list(inner && { ...inner, cursor }),
      (name) => to.head + name,
    );
  }

  async function* listMounted(options: UploadsOptions): ReturnType<typeof renamedUploads> {
    const to = await resolve(options?.prefix ?? "");
    const inner = prefixed(options, () => to.rest);
    yield* renamedUploads(to.store, inner, (name) => to.head + name);
  }

  async function transfer(
    from: string,
    to: string,
    options: CopyOptions | undefined,
    verb: "copy" | "move",
  ): Promise<ObjectInfo> {
    const [source, target] = await Promise.all([resolve(from), resolve(to)]);
    if (source.store === target.store)
      return named(target, await source.store[verb](source.rest, target.rest, options));
    const object = await source.store.download(source.rest, options);
    const signal = options?.signal;
    const send = async (): Promise<ObjectInfo> => {
      const headers = objectHeaders(object);
      if (verb === "move") refuseTwin(object, await target.store.head(target.rest, { signal }), from);
      return target.store.upload(target.rest, object.body, { ...headers, size: object.size, signal });
    };
    const copied = await releasing(object.body, send());
    if (verb === "move") {
      // As within one store: what was written meanwhile is not deleted unread.
      refuseReplaced(object, await source.store.head(source.rest, { signal }), from);
      await source.store.delete(source.rest, { signal });
    }
    return named(target, copied);
  }
  return store;
}

function named({ head }: Target, found: ObjectInfo): ObjectInfo {
  return { ...found, key: head + found.key };
}

async function deleteByMount(targets: readonly Target[], options: Parameters<ObjectStore["delete"]>[1]): Promise<void> {
  const mounts = new Map<ObjectStore, Target[]>();
  for (const target of targets) mounts.set(target.store, [...(mounts.get(target.store) ?? []), target]);
  const deleted: string[] = [];
  const errors: NonNullable<StorageError["errors"]>[number][] = [];
  for (const [store, group] of mounts) {
    const caller = new Map(group.map((target) => [target.rest, target.head + target.rest]));
    const named = (key: string): string => caller.get(key) ?? key;
    try {
      await store.delete(
        group.map((target) => target.rest),
        options,
      );
      deleted.push(...caller.values());
    } catch (error) {
      if (!StorageError.is(error) || mounts.size === 1) throw error;
      if (error.code !== "partial") {
        // What other mounts have deleted by now must not be lost in this one's failure.
        errors.push(...[...caller.values()].map((key) => ({ key, error })));
        continue;
      }
      deleted.push(...(error.deleted ?? []).map(named));
      errors.push(...(error.errors ?? []).map((failure) => ({ ...failure, key: named(failure.key) })));
    }
  }
  if (errors.length > 0)
    throw new StorageError("partial", `${errors.length} of ${targets.length} keys were not deleted`, {
      operation: "delete",
      deleted,
      errors,
    });
}

/** unstorage's own normal form of a key, which is what mounts are matched against. */
function normalize(key: string): string {
  return (key.split("?")[0] ?? "").replace(/[/\\:]+/g, ":").replace(/^:|:$/g, "");
}

async function resolveKey(storage: StorageLike, view: View, key: string): Promise<Target> {
  if (typeof key !== "string") throw new StorageError("invalid-key", `a key is a string, not ${typeof key}`);
  let asked = normalize(key);
  // A mount is found by a key below it: "uploads:" alone, and so "uploads:?x" in normal form, would lead to the parent.
  const open = asked === "" || /[/\\:]$/.test(key.split("?")[0] ?? "");
  if (open) asked = asked === "" ? "_" : `${asked}:_`;
  if (asked.split(":").some((segment) => segment === "." || segment === "..")) {
    throw new StorageError("invalid-key", 'a key must not have a "." or ".." segment', { key });
  }
  const probe: Probe = {};
  await storage.hasItem(asked, probeOptions(probe));
  if (!probe.found) {
    throw new StorageError(
      "unsupported",
      `the driver mounted for ${JSON.stringify(key)} has no object interface; mount one of unbucket's`,
      { key },
    );
  }
  const { driver } = probe.found;
  const [full, reached] = open ? [asked.slice(0, -1), probe.found.key.slice(0, -1)] : [asked, probe.found.key];
  if (reached.length > full.length) {
    // The Storage is a view below a prefix: what it put before the key stays hidden in results.
    const hidden = reached.slice(0, reached.length - full.length).replaceAll(":", "/");
    return { store: view(driver, hidden), head: "", rest: key };
  }
  const consumed = full.slice(0, full.length - reached.length);
  const head = key.slice(0, consumed.length);
  if (head.replace(/[/\\]/g, ":") !== consumed) {
    throw new StorageError(
      "invalid-key",
      `${JSON.stringify(key)} must begin with ${JSON.stringify(consumed)} to reach its mount`,
      { key },
    );
  }
  return { store: driver, head, rest: key.slice(consumed.length) };
}
