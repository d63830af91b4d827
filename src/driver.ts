/** Turns a backend into what users hold: an unstorage driver with the object verbs on the same object. */
import type { Backend } from "./backend.ts";
import { caller, type DriverSpec, opener, type Watch } from "./call.ts";
import { nullIfAbsent, type Place, StorageError } from "./error.ts";
import { notify } from "./event.ts";
import type { DownloadedObject, DownloadOptions, ObjectStore, UploadBody, UploadOptions } from "./interface.ts";
import { parseKey, toKvKey, toObjectKey } from "./key.ts";
import { answerLookup } from "./lookup.ts";
import { download, head, list, objectStore, remove } from "./objects.ts";
import { refuse } from "./options.ts";
import { removals } from "./put.ts";
import { deleteBelow } from "./removal.ts";
import type { KvMeta, KvOptions, UnstorageDriver } from "./unstorage.ts";
import { releasing, upload } from "./upload.ts";
import { optionsOf, type Verb } from "./verbs.ts";

export type { DriverSpec } from "./call.ts";

/** A driver: unstorage's key-value verbs and the object verbs over one store. */
export interface Driver extends UnstorageDriver, ObjectStore {
  /** The backend behind the driver, which is opened if necessary. */
  getInstance(): Promise<Backend>;
}

/** A driver whose store may report changes: `watch` is always there, and rejects `unsupported` where it cannot. */
export type WatchableDriver = Driver & Required<Pick<UnstorageDriver, "watch">>;

/**
 * Makes a driver from a name and a function that opens its backend. Nothing runs before the first call: no I/O, no
 * check of options, no throw. All methods are closures, since unstorage calls them detached. The options, which may
 * hold secrets, cannot be reached from the driver.
 */
export function toDriver(spec: DriverSpec & { readonly watch: true }): WatchableDriver;
export function toDriver(spec: DriverSpec): Driver;
export function toDriver(spec: DriverSpec): Driver {
  const backend = opener(spec);
  const call = caller(spec, backend.get);
  const store = objectStore(call);

  /** Runs a key-value verb on its object, with those of the options that the verb knows. */
  function on<T>(
    operation: Verb,
    key: string,
    options: KvOptions | undefined,
    run: (opened: Backend, at: string, given: Given, place: Place, watch: Watch) => Promise<T>,
  ): Promise<T> {
    const [at, given] = [toObjectKey(key), bag(operation, options)];
    return call(operation, at, given, (opened, place, watch) => run(opened, at, given, place, watch));
  }

  function read(
    operation: "getItem" | "getItemRaw",
    key: string,
    options: KvOptions | undefined,
  ): Promise<DownloadedObject | null> {
    return on(operation, key, options, (...object) => download(...object).catch(nullIfAbsent));
  }

  function write(
    operation: "setItem" | "setItemRaw",
    key: string,
    value: UploadBody,
    options: KvOptions | undefined,
  ): Promise<void> {
    const written = on(operation, key, options, async (opened, at, given) => {
      // Key-value writes are atomic but need not survive a power cut: a driver's `durable` option decides otherwise.
      await upload(opened, parseKey(at), value, given, false);
    });
    return releasing(value, written);
  }

  const driver: Driver = {
    ...store,
    name: spec.name,
    getInstance: backend.get,

    hasItem: async (key, options) => {
      if (answerLookup(options, driver, key)) return false;
      return (await on("hasItem", key, options, head)) !== null;
    },
    getItem: async (key, options) => {
      const object = await read("getItem", key, options);
      // Not text(), which drops a byte order mark as fetch does: what was set must come back.
      return object && new TextDecoder("utf-8", { ignoreBOM: true }).decode(await object.bytes());
    },
    getItemRaw: async (key, options) => {
      const object = await read("getItemRaw", key, options);
      if (!object) return null;
      return options?.["type"] === "stream" ? object.body : object.bytes();
    },
    setItem: (key, value, options) => write("setItem", key, value, options),
    setItemRaw: (key, value, options) => write("setItemRaw", key, value, options),
    removeItem: (key, options) => on("removeItem", key, options, remove),

    getMeta: async (key, options): Promise<KvMeta | null> => {
      const info = await on("getMeta", key, options, head);
      if (!info) return null;
      const { key: _key, lastModified, ...rest } = info;
      return { ...rest, ...(lastModified ? { mtime: lastModified } : {}) };
    },

    getKeys: async (base, options) => {
      const most = options?.["maxDepth"];
      const keys: string[] = [];
      // Only the signal, which is all that `clear` takes: other options from unstorage are not those of `list`.
      for await (const entry of list(call, "getKeys", { ...bag("clear", options), prefix: below(base) })) {
        const key = entry.key === undefined ? null : toKvKey(entry.key);
        if (key !== null && (typeof most !== "number" || depth(key) <= most)) keys.push(key);
      }
      return keys;
    },

    clear: (base, options) => {
      const prefix = below(base);
      const given = bag("clear", options);
      return call("clear", prefix, given, async (opened) => {
        if (spec.noClear)
          throw new StorageError("denied", "this driver was made with noClear; delete keys or prefixes instead");
        await deleteBelow(opened, prefix, given);
      });
    },

    dispose: async () => {
      const opened = await backend.release()?.catch(() => undefined);
      if (opened?.multipart) await removals(opened.multipart);
      await opened?.close?.();
    },
  };

  if (spec.watch) {
    driver.watch = (callback) =>
      call("watch", undefined, undefined, async (opened) => {
        if (!opened.watch) throw new StorageError("unsupported", "this store cannot be watched");
        if (typeof callback !== "function") throw refuse("callback", "must be a function, which is told the changes");
        const stop = await opened.watch((event, key) => {
          const kvKey = toKvKey(key);
          if (kvKey !== null) notify(callback, event, kvKey);
        });
        return async () => stop();
      });
  }
  return driver;
}

type Given = UploadOptions & DownloadOptions & { readonly ifNoneMatch?: "*" };

/** The options that a verb knows, out of whatever the caller of unstorage passed: a boolean in old code. */
function bag(operation: Verb, options: KvOptions | undefined): Given {
  const given: KvOptions = typeof options === "object" && options !== null ? options : {};
  const names = Object.keys(optionsOf(operation)).filter((name) => given[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, given[name]]));
}

/** The object prefix of a base: `sub:` and `sub` both mean everything below `sub/`, but not `subway`. */
function below(base: string | undefined): string {
  const prefix = toObjectKey(base ?? "").replace(/\/+$/, "");
  return prefix === "" ? "" : `${prefix}/`;
}

function depth(key: string): number {
  return key.split(":").length - 1;
}
