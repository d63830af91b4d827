/** From a backend to what users hold: an unstorage driver with the object interface on the same object. */
import type { Backend } from "./backend.ts";
import { caller, type DriverSpec, opener } from "./call.ts";
import { StorageError } from "./error.ts";
import type { DownloadedObject, DownloadOptions, ObjectStore, UploadBody, UploadOptions } from "./interface.ts";
import { parseKey, toKvKey, toObjectKey } from "./key.ts";
import { download, objectStore } from "./objects.ts";
import { type Operation, optionsOf } from "./options.ts";
import { answerProbe } from "./probe.ts";
import { removals } from "./put.ts";
import { deleteBelow } from "./removal.ts";
import type { KvMeta, KvOptions, UnstorageDriver } from "./unstorage.ts";
import { releasing, upload } from "./upload.ts";

export type { DriverSpec } from "./call.ts";

/** A driver: unstorage's key-value verbs and the object verbs, over one store. */
export interface Driver extends UnstorageDriver, ObjectStore {
  /** The backend, opened if it was not. */
  getInstance(): Promise<Backend>;
}

/**
 * Makes a driver. Nothing runs before the first call: no I/O, no check of options, no throw. All methods are closures, since
 * unstorage calls them detached; nothing of the options is reachable from the object.
 */
export function toDriver(spec: DriverSpec): Driver {
  const backend = opener(spec);
  const call = caller(spec, backend.get);
  const store = objectStore(call);
  // What an object verb does, under the key-value verb's own name.
  const as = (operation: Operation): ObjectStore => objectStore((_, ...rest) => call(operation, ...rest));
  const [has, remove, meta, keysOf] = [as("hasItem"), as("removeItem"), as("getMeta"), as("getKeys")];

  function read(
    operation: "getItem" | "getItemRaw",
    key: string,
    options: KvOptions | undefined,
  ): Promise<DownloadedObject | null> {
    const given = bag(operation, options);
    return call(operation, toObjectKey(key), given, async (opened, place, watch) => {
      try {
        return await download(opened, parseKey(toObjectKey(key)), given, place, watch);
      } catch (error) {
        if (StorageError.is(error) && error.code === "not-found") return null;
        throw error;
      }
    });
  }

  function write(
    operation: "setItem" | "setItemRaw",
    key: string,
    value: UploadBody,
    options: KvOptions | undefined,
  ): Promise<void> {
    const given: UploadOptions = bag(operation, options);
    const written = call(operation, toObjectKey(key), given, async (opened) => {
      // Key-value writes are atomic but need not survive a power cut: a driver's `durable` option decides otherwise.
      await upload(opened, parseKey(toObjectKey(key)), value, given, false);
    });
    return releasing(value, written);
  }

  const driver: Driver = {
    ...store,
    name: spec.name,
    getInstance: backend.get,

    hasItem: async (key, options) => {
      if (answerProbe(options, driver, key)) return false;
      return has.exists(toObjectKey(key), bag("hasItem", options));
    },
    getItem: async (key, options) => {
      const object = await read("getItem", key, options);
      // Unlike text(), which drops a byte order mark as fetch does: what was set must come back.
      return object && new TextDecoder("utf-8", { ignoreBOM: true }).decode(await object.bytes());
    },
    getItemRaw: async (key, options) => {
      const object = await read("getItemRaw", key, options);
      if (!object) return null;
      return options?.["type"] === "stream" ? object.body : object.bytes();
    },
    setItem: (key, value, options) => write("setItem", key, value, options),
    setItemRaw: (key, value, options) => write("setItemRaw", key, value, options),
    removeItem: (key, options) => remove.delete(toObjectKey(key), bag("removeItem", options)),

    getMeta: async (key, options): Promise<KvMeta | null> => {
      const info = await meta.head(toObjectKey(key), bag("getMeta", options));
      if (!info) return null;
      const { key: _key, lastModified, ...rest } = info;
      return { ...rest, ...(lastModified ? { mtime: lastModified } : {}) };
    },

    getKeys: async (base, options) => {
      const most = options?.["maxDepth"];
      const keys: string[] = [];
      for await (const entry of keysOf.list({ ...bag("clear", options), prefix: below(base) })) {
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
        const stop = await opened.watch((event, key) => {
          const kvKey = toKvKey(key);
          // Nobody waits for a listener: what it throws, at once or later, would end the process.
          if (kvKey !== null) (async () => callback(event, kvKey))().catch(() => {});
        });
        return async () => stop();
      });
  }
  return driver;
}

/** unstorage hands over whatever its caller passed, a boolean in old code. Only what the object verb knows is passed on. */
function bag(
  operation: Operation,
  options: KvOptions | undefined,
): UploadOptions & DownloadOptions & { ifNoneMatch?: "*" } {
  const given: KvOptions = typeof options === "object" && options !== null ? options : {};
  const names = Object.keys(optionsOf(operation)).filter((name) => given[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, given[name]]));
}

/** The object prefix of a base: `sub:` and `sub` are both everything below `sub/`, never `subway`. */
function below(base: string | undefined): string {
  const prefix = toObjectKey(base ?? "").replace(/\/+$/, "");
  return prefix === "" ? "" : `${prefix}/`;
}

function depth(key: string): number {
  return key.split(":").length - 1;
}
