/** The object verbs over the mounts of an unstorage Storage: each key goes to the driver that is mounted for it. */
import type { CallOptions } from "./backend.ts";
import { carry } from "./carry.ts";
import { copyHeaders } from "./copy-headers.ts";
import { pageAt } from "./cursor.ts";
import { type KeyFailure, locate, quoted, StorageError } from "./error.ts";
import type { CopyOptions, DeleteOptions, ObjectInfo, ObjectStore, UploadsOptions } from "./interface.ts";
import type { ListOptions } from "./listing.ts";
import { type Lookup, lookupOptions } from "./lookup.ts";
import { type End, move } from "./move.ts";
import { knownOptions, prefixed } from "./options.ts";
import { listing, type Load } from "./pages.ts";
import { refuseLeft } from "./removal.ts";
import { type Name, renamed, renamedPages, renamedState, renamedUpdate, renamedUploads, renaming } from "./renamed.ts";
import { scoped } from "./scoped.ts";
import { checkConditions, releasing } from "./upload.ts";
import { optionsOf, type Verb } from "./verbs.ts";

/** An unstorage Storage of either major, or a view made by `prefixStorage`: only `hasItem` is used. */
export interface StorageLike {
  /** Carries the question which driver a key leads to. */
  hasItem(key: string, options?: object): Promise<boolean>;
}

/** Gives the store below a prefix of a driver. */
type View = (driver: ObjectStore, prefix: string) => ObjectStore;

/** Where a caller's `key` leads. */
interface Target {
  readonly key: string;
  readonly store: ObjectStore;
  /** The key within that store. */
  readonly rest: string;
  /** Turns keys of that store into the caller's. */
  readonly named: Name;
}

/**
 * The object verbs over the mounts of a Storage: `objects(storage).upload("uploads:avatars/1.jpg", body)`. What follows
 * the mount is an object key as it is, so `//` and `?` have no special meaning; keys in results begin with the mount
 * too. A mounted driver without object verbs rejects `unsupported`. A listing covers one mount: that of its prefix.
 */
export function objects(storage: StorageLike): ObjectStore {
  const views = new WeakMap<ObjectStore, Map<string, ObjectStore>>();
  // One scoped store per driver and prefix, so that `copy` can see that two keys are in the same store.
  const view: View = (driver, prefix) => {
    const known = views.get(driver) ?? new Map<string, ObjectStore>();
    const scope = known.get(prefix) ?? driver.scoped(prefix);
    views.set(driver, known.set(prefix, scope));
    return scope;
  };
  const resolve = async (operation: Verb, key: string): Promise<Target> => {
    try {
      return await resolveKey(storage, view, key);
    } catch (error) {
      throw locate(error, { operation, key });
    }
  };
  /** Runs a verb on the store and key that the caller's key leads to. */
  const at = async <T>(operation: Verb, key: string, run: (to: Target) => Promise<T>): Promise<T> => {
    const to = await resolve(operation, key);
    return renaming(run(to), only(to));
  };

  const store: ObjectStore = {
    upload: (key, body, options) =>
      releasing(
        body,
        at("upload", key, (to) => to.store.upload(to.rest, body, options)),
      ),
    download: (key, options) => at("download", key, (to) => to.store.download(to.rest, options)),
    delete: async (keys: string | readonly string[], options?: DeleteOptions) => {
      if (!Array.isArray(keys)) return at("delete", keys as string, (to) => to.store.delete(to.rest, options));
      await deleteByMount(await Promise.all(keys.map((key) => resolve("delete", key))), options);
    },
    exists: (key, options) => at("exists", key, (to) => to.store.exists(to.rest, options)),
    presign: (key, options) => at("presign", key, (to) => to.store.presign(to.rest, options)),
    head: (key, options) => at("head", key, (to) => to.store.head(to.rest, options)),
    list: (options: ListOptions = {}) => {
      const begin = (): Load => {
        let mounted: Promise<Load> | undefined;
        const load: Load = async (cursor) => (await (mounted ??= loadMounted(options)))(cursor);
        // The driver's own mark in the cursor covers the prefix below the mount only, which another mount may have too.
        return (cursor) => pageAt(options ?? {}, cursor, load);
      };
      return listing(begin, options?.cursor);
    },
    copy: (from, to, options) => transfer("copy", from, to, options),
    move: (from, to, options) => transfer("move", from, to, options),
    deletePrefix: async (prefix, options) => {
      const to = await resolve("deletePrefix", prefix);
      return renaming(to.store.deletePrefix(to.rest, options), to.named);
    },
    createMultipartUpload: async (key, options) => {
      const to = await resolve("createMultipartUpload", key);
      return renamed(to.store.createMultipartUpload(to.rest, options), only(to));
    },
    resumeMultipartUpload: async (key, upload) => {
      const to = await resolve("resumeMultipartUpload", key);
      return renamed(to.store.resumeMultipartUpload(to.rest, renamedState(upload, key, to.rest)), only(to));
    },
    listUploads: (options = {}) => listMounted(options),
    sweepUploads: async (options = {}) => {
      const to = await resolve("sweepUploads", options?.prefix ?? "");
      return renaming(to.store.sweepUploads(prefixed(options, () => to.rest)), to.named);
    },
    update: (key, fn, options) =>
      at("update", key, (to) => to.store.update(to.rest, renamedUpdate(fn, only(to)), options)),
    scoped: (prefix) => scoped(store, prefix),
  };

  async function loadMounted(options: ListOptions): Promise<Load> {
    const to = await resolve("list", options?.prefix ?? "");
    const inner = prefixed(options, () => to.rest);
    return renamedPages((cursor) => to.store.list(inner && { ...inner, cursor }), to.named);
  }

  async function* listMounted(options: UploadsOptions): ReturnType<typeof renamedUploads> {
    const to = await resolve("listUploads", options?.prefix ?? "");
    const inner = prefixed(options, () => to.rest);
    yield* renamedUploads(to.store, inner, to.named);
  }

  async function transfer(
    verb: "copy" | "move",
    from: string,
    to: string,
    options: CopyOptions = {},
  ): Promise<ObjectInfo> {
    const [source, target] = await Promise.all([resolve(verb, from), resolve(verb, to)]);
    if (source.store !== target.store) return across(verb, source, target, options);
    const named: Name = (key) => (key === source.rest ? from : only(target)(key));
    return renaming(source.store[verb](source.rest, target.rest, options), named);
  }
  return store;
}

/** Renames this key only: an error may be about a key of another store, from which the body is read. */
function only({ key, rest }: Target): Name {
  return (name) => (name === rest ? key : name);
}

/** A copy or move between two stores: bytes, headers and metadata pass through this process. */
async function across(
  operation: "copy" | "move",
  source: Target,
  target: Target,
  options: CopyOptions,
): Promise<ObjectInfo> {
  try {
    knownOptions(options, optionsOf(operation));
    const { signal, versionId } = options;
    const { ifNoneMatch } = checkConditions({ ifNoneMatch: options.ifNoneMatch });
    const { source: reading, write } = copyHeaders(options.headers);
    const copy = async (ifMatch: string | undefined): Promise<ObjectInfo> => {
      const read = source.store.download(source.rest, { signal, versionId, ifMatch, headers: reading });
      const object = await renaming(read, only(source));
      return renaming(carry(object, target.store, target.rest, { signal, headers: write, ifNoneMatch }), only(target));
    };
    if (operation === "copy") return await copy(options.ifMatch);
    return await move(source.key, target.key, options, [endOf(source), endOf(target)], copy);
  } catch (error) {
    throw StorageError.is(error) ? locate(error, { operation, key: source.key }) : error;
  }
}

/** One end of a move; its errors name the caller's key. */
function endOf(to: Target): End<string> {
  return {
    head: (_, call) => renaming(to.store.head(to.rest, call), only(to)),
    delete: (_, { signal, headers, ifMatch }) =>
      renaming(to.store.delete(to.rest, { signal, headers, ifMatch }), only(to)),
  };
}

async function deleteByMount(targets: readonly Target[], options: CallOptions | undefined): Promise<void> {
  const mounts = new Map<ObjectStore, Map<string, string>>();
  for (const { store, rest, key } of targets)
    mounts.set(store, (mounts.get(store) ?? new Map<string, string>()).set(rest, key));
  const failures: KeyFailure[] = [];
  for (const [store, keys] of mounts) {
    try {
      await renaming(store.delete([...keys.keys()], options), (key) => keys.get(key) ?? key);
    } catch (error) {
      if (!StorageError.is(error) || mounts.size === 1) throw error;
      // This failure must not hide what other mounts have deleted.
      failures.push(...(error.errors ?? [...keys.values()].map((key) => ({ key, error }))));
    }
  }
  try {
    refuseLeft(
      [...mounts.values()].flatMap((keys) => [...keys.values()]),
      failures,
    );
  } catch (error) {
    throw locate(error, { operation: "delete" });
  }
}

/** A key in the normal form of unstorage, against which it matches mounts. */
function normalize(key: string): string {
  return (key.split("?")[0] ?? "").replace(/[/\\:]+/g, ":").replace(/^:|:$/g, "");
}

/**
 * The driver that a normalized key leads to, and the key that reaches it; undefined for a driver without object verbs.
 */
async function lookUp(storage: StorageLike, key: string): Promise<Lookup["found"]> {
  const lookup: Lookup = {};
  await storage.hasItem(key, lookupOptions(lookup));
  return lookup.found;
}

/** A hint for callers who have left out the colon at the end of a mount; else empty. */
async function hintAtMount(storage: StorageLike, name: string): Promise<string> {
  const found = await lookUp(storage, `${name}:_`);
  return found?.key === "_" ? ` (did you mean ${quoted(`${name}:`)}?)` : "";
}

async function resolveKey(storage: StorageLike, view: View, key: string): Promise<Target> {
  if (typeof key !== "string") throw new StorageError("invalid-key", `a key is a string, not ${typeof key}`);
  const normal = normalize(key);
  // A mount is found by a key below it: "uploads:" alone (or "uploads:?x", which unstorage cuts) would lead to its
  // parent.
  const isBase = normal === "" || /[/\\:]$/.test(key.split("?")[0] ?? "");
  const base = normal && `${normal}:`;
  const asked = isBase ? `${base}_` : normal;
  if (asked.split(":").some((segment) => segment === "." || segment === "..")) {
    throw new StorageError("invalid-key", 'a key must not have a "." or ".." segment', { key });
  }
  const found = await lookUp(storage, asked);
  if (!found) {
    const hint = isBase ? "" : await hintAtMount(storage, asked);
    throw new StorageError(
      "unsupported",
      `the driver mounted for ${quoted(key)} has no object interface; mount one of unbucket's${hint}`,
      { key },
    );
  }
  const { driver } = found;
  // What was asked for, and what of it has reached the driver, both without the `_` that was added.
  const [full, reached] = isBase ? [base, found.key.slice(0, -1)] : [normal, found.key];
  if (reached.length > full.length) {
    // The Storage is a view made by prefixStorage: the prefix that it has added stays hidden in results.
    const hidden = reached.slice(0, reached.length - full.length).replaceAll(":", "/");
    return { key, store: view(driver, hidden), rest: key, named: (name) => name };
  }
  const consumed = full.slice(0, full.length - reached.length);
  const head = key.slice(0, consumed.length);
  if (head.replace(/[/\\]/g, ":") !== consumed) {
    throw new StorageError(
      "invalid-key",
      `${quoted(key)} must begin with ${JSON.stringify(consumed)} to reach its mount`,
      { key },
    );
  }
  return { key, store: driver, rest: key.slice(consumed.length), named: (name) => head + name };
}
