/**
 * Objects in memory: the smallest complete driver, as an example of the contract and for tests. Nothing outlives the
 * process. A write holds its whole object in memory, of course.
 */
import type { Backend, Key, PutOptions, StoredInfo } from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import type { OnEvent } from "../src/event.ts";
import { encodePath, joinBase } from "../src/key.ts";
import { driverOptions, headersOf, publicBase } from "../src/options.ts";
import { resolveRange } from "../src/range.ts";
import { checkRead, checkWrite, pageOf, readAll, streamOf } from "../src/whole.ts";
import { multipart, type Uploads } from "./memory/multipart.ts";

/** Options of the memory driver. */
export interface MemoryOptions {
  /**
   * Base of the `url` that `upload` and `head` return: an http(s) URL, or a path such as `/files`. Default: `url` is
   * null.
   */
  readonly publicUrl?: string | undefined;
  /** Called after every call and body, see `StorageEvent`. What it throws is ignored. */
  readonly onEvent?: OnEvent | undefined;
}

interface Entry {
  readonly info: StoredInfo;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The multipart upload that made the object. */
  readonly uploadId?: string | undefined;
}

/** A driver over objects in memory. Each call makes a new, empty store. */
export default function memory(options: MemoryOptions = {}): Driver {
  return toDriver({ name: "memory", open: () => memoryBackend(options), onEvent: options?.onEvent });
}

function memoryBackend(options: MemoryOptions): Backend {
  driverOptions(options, { publicUrl: "string", onEvent: "function" });
  const publicUrl = publicBase(options.publicUrl);
  const entries = new Map<string, Entry>();
  const uploads: Uploads = new Map();
  let version = 0;

  function store(key: Key, bytes: Uint8Array<ArrayBuffer>, options: PutOptions, uploadId?: string): StoredInfo {
    const info = {
      ...headersOf(options),
      key,
      size: bytes.byteLength,
      etag: `"${(++version).toString(16)}"`,
      lastModified: new Date(),
    };
    entries.set(key, { info, bytes, uploadId });
    return info;
  }

  return {
    head: async (key) => entries.get(key)?.info ?? null,
    async get(key, options) {
      const entry = entries.get(key);
      if (!entry) return null;
      checkRead(entry.info, options);
      const span = options.range && resolveRange(options.range, entry.info.size);
      const bytes = span ? entry.bytes.subarray(span.start, span.end + 1) : entry.bytes;
      return { info: entry.info, body: streamOf(bytes, options.signal), range: span };
    },
    async put(key, source, options) {
      const bytes = await readAll(source, options.signal);
      // Checked once the bytes are there, with nothing awaited before the write, so that two writers cannot both pass.
      checkWrite(entries.get(key)?.info, options);
      options.onBytes?.(bytes.byteLength);
      return store(key, bytes, options);
    },
    async delete(key, { ifMatch }) {
      const entry = entries.get(key);
      if (entry) checkWrite(entry.info, { ifMatch });
      entries.delete(key);
    },
    list: async (options) =>
      pageOf(
        [...entries.values()].map((entry) => entry.info),
        options,
      ),
    async copy(from, to, { ifMatch, ifNoneMatch }) {
      const entry = entries.get(from);
      if (!entry) return null;
      checkRead(entry.info, { ifMatch });
      checkWrite(entries.get(to)?.info, { ifNoneMatch });
      return store(to, entry.bytes, entry.info);
    },
    multipart: multipart(uploads, {
      put: (key, bytes, options, uploadId) => {
        checkWrite(entries.get(key)?.info, options);
        return store(key, bytes, options, uploadId);
      },
      madeBy: (key, uploadId) => {
        const entry = entries.get(key);
        return entry?.uploadId === uploadId ? entry.info : null;
      },
    }),
    location: (key) => `memory:${encodePath(key)}`,
    url: (key) => (publicUrl === undefined ? null : joinBase(publicUrl, encodePath(key))),
    close: async () => {
      entries.clear();
      uploads.clear();
    },
  };
}
