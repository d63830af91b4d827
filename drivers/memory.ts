/**
 * Objects in memory: the smallest complete driver, to read as an example of the contract and to test against. Everything is
 * gone with the process. A write needs the whole object in memory, of course.
 */
import type {
  Backend,
  GetOptions,
  Key,
  ListPage,
  ListPageOptions,
  PutOptions,
  Source,
  StoredInfo,
} from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import { StorageError } from "../src/error.ts";
import type { OnEvent } from "../src/event.ts";
import { compareKeys, encodePath, joinBase } from "../src/key.ts";
import { driverOptions, headersOf, publicBase } from "../src/options.ts";
import { resolveRange } from "../src/range.ts";
import { readerOf } from "../src/reader.ts";
import { multipart, type Uploads } from "./memory/multipart.ts";

/** Options of the memory driver. */
export interface MemoryOptions {
  /** Base of the `url` that `upload` and `head` give. Default: none, `url` is null. */
  readonly publicUrl?: string;
  readonly onEvent?: OnEvent;
}

interface Entry {
  readonly info: StoredInfo;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The multipart upload that made it. */
  readonly uploadId?: string | undefined;
}

/** A driver over objects in memory, its own for every call of this factory. */
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
      // Checked when the bytes are there, with nothing awaited before the write: two writers cannot both pass.
      checkWrite(entries.get(key)?.info, options);
      options.onBytes?.(bytes.byteLength);
      return store(key, bytes, options);
    },
    delete: async (key) => void entries.delete(key),
    list: async (options) =>
      listPage(
        [...entries.values()].map((entry) => entry.info),
        options,
      ),
    async copy(from, to, options) {
      const entry = entries.get(from);
      if (!entry) return null;
      checkRead(entry.info, options);
      return store(to, entry.bytes, entry.info);
    },
    multipart: multipart(uploads, {
      put: (key, bytes, options, uploadId) => {
        checkWrite(entries.get(key)?.info, options);
        return store(key, bytes, options, uploadId).etag;
      },
      madeBy: (key, uploadId) => {
        const entry = entries.get(key);
        return entry?.uploadId === uploadId ? entry.info.etag : null;
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

function checkRead(info: StoredInfo, { ifMatch, ifNoneMatch }: GetOptions): void {
  if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== info.etag) {
    throw new StorageError("precondition-failed", "the object has another ETag than ifMatch");
  }
  if (ifNoneMatch === "*" || ifNoneMatch === info.etag)
    throw new StorageError("not-modified", "the object still has this ETag");
}

function checkWrite(info: StoredInfo | undefined, { ifMatch, ifNoneMatch }: PutOptions): void {
  if (ifNoneMatch === "*" && info) throw new StorageError("precondition-failed", "the object exists already");
  if (ifMatch !== undefined && (!info || (ifMatch !== "*" && ifMatch !== info.etag))) {
    throw new StorageError(
      "precondition-failed",
      info ? "the object has another ETag than ifMatch" : "there is no object to match ifMatch",
    );
  }
}

async function readAll(source: Source, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  // A copy: the caller may change its bytes afterwards.
  if ("bytes" in source) return new Uint8Array(source.bytes);
  const reader = readerOf(source, signal);
  try {
    const all = { buffer: new Uint8Array(source.size ?? 1024), end: 0 };
    await reader.fill(all);
    while (!(await reader.ended())) {
      const larger = new Uint8Array(all.buffer.byteLength * 2 + 1);
      larger.set(all.buffer);
      all.buffer = larger;
      await reader.fill(all);
    }
    return all.buffer.slice(0, all.end);
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
}

function streamOf(bytes: Uint8Array, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const PIECE = 256 * 1024;
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (signal?.aborted) return controller.error(signal.reason);
        // A copy of each piece: a consumer may transfer what it is given.
        if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, (at += PIECE)));
        if (at >= bytes.byteLength) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** One page over all entries; the cursor is the last key or prefix of the page before. */
function listPage(all: readonly StoredInfo[], { prefix, delimiter, cursor, limit }: ListPageOptions): ListPage {
  const objects: StoredInfo[] = [];
  const prefixes: string[] = [];
  let last = "";
  for (const info of all.filter((entry) => entry.key.startsWith(prefix)).sort((a, b) => compareKeys(a.key, b.key))) {
    const slash = delimiter ? info.key.indexOf(delimiter, prefix.length) : -1;
    const name = slash < 0 ? info.key : info.key.slice(0, slash + 1);
    const passed = cursor !== undefined && (compareKeys(name, cursor) <= 0 || (slash >= 0 && name === cursor));
    if (passed || (slash >= 0 && name === last)) continue;
    if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
    if (slash < 0) objects.push(info);
    else prefixes.push(name);
    last = name;
  }
  return { objects, prefixes };
}
