/** The object interface, written once over a driver's backend. */
import type { Backend, Key, RequestOptions, StoredInfo } from "./backend.ts";
import type { Caller, Watch } from "./call.ts";
import { pageAt } from "./cursor.ts";
import { toDownload, toInfo } from "./download.ts";
import { type Place, StorageError } from "./error.ts";
import type { CopyOptions, DownloadOptions, ListOptions, ObjectStore } from "./interface.ts";
import { parseKey, parsePrefix } from "./key.ts";
import { createMultipart, resumeMultipart } from "./multipart.ts";
import { objectHeaders, refuse, wholeNumber } from "./options.ts";
import { listing, PAGE_LIMIT } from "./pages.ts";
import { listUploads, sweepUploads } from "./pending.ts";
import { presignOptions } from "./presign.ts";
import { parseRange } from "./range.ts";
import { deleteAll, deleteBelow } from "./removal.ts";
import { scoped } from "./scoped.ts";
import { refuseReplaced, refuseTwin, replaced } from "./twin.ts";
import { update } from "./update.ts";
import { checkEtag, releasing, upload } from "./upload.ts";

/** All verbs over one backend. */
export function objectStore(call: Caller): ObjectStore {
  const store: ObjectStore = {
    upload: (key, body, options = {}) =>
      releasing(
        body,
        call("upload", key, options, (backend) => upload(backend, parseKey(key), body, options)),
      ),

    download: (key, options = {}) =>
      call("download", key, options, (backend, place, watch) =>
        download(backend, parseKey(key), options, place, watch),
      ),

    delete: (keys, options = {}) =>
      call("delete", typeof keys === "string" ? keys : undefined, options, (backend) =>
        Array.isArray(keys)
          ? deleteAll(backend, [...new Set(keys)].map(parseKey), ofMany(options))
          : backend.delete(parseKey(keys as string), versioned(backend, options)),
      ),

    exists: (key, options = {}) =>
      call(
        "exists",
        key,
        options,
        async (backend) => (await backend.head(parseKey(key), versioned(backend, options))) !== null,
      ),

    presign: (key, options = {}) =>
      call("presign", key, options, (backend) => {
        const parsed = parseKey(key);
        const checked = presignOptions(options);
        return backend.presign?.(parsed, checked) ?? null;
      }),

    head: (key, options = {}) =>
      call("head", key, options, async (backend) => {
        const info = await backend.head(parseKey(key), versioned(backend, options));
        return info && toInfo(backend, info);
      }),

    list: (options = {}) => list(call, options),

    copy: (from, to, options = {}) => call("copy", from, options, (backend) => copy(backend, from, to, options)),

    move: (from, to, options = {}) =>
      call("move", from, options, async (backend) => {
        if (from === to) throw refuse("to", "must be another key than from");
        if ("versionId" in options) throw refuse("versionId", "cannot be moved; copy it, then delete it");
        const { signal } = options;
        const source = await backend.head(parseKey(from), { signal });
        if (!source) throw absent(from);
        refuseTwin(source, await backend.head(parseKey(to), { signal }));
        // Pinned to what was seen, and looked at again before the delete: a version written meanwhile is kept, but for the
        // moment between that look and the delete.
        const ifMatch = unlessAny(options.ifMatch) ?? source.etag;
        const copied = await copy(backend, from, to, { ...options, ifMatch }).catch((error: unknown) => {
          if (StorageError.is(error) && error.code === "precondition-failed" && ifMatch === source.etag)
            throw replaced();
          throw error;
        });
        const target = await backend.head(parseKey(to), { signal });
        if (target?.size !== source.size) {
          throw new StorageError(
            "corrupt",
            `the copy at ${JSON.stringify(to)} has not ${source.size} bytes; the source was kept`,
          );
        }
        refuseReplaced(source, await backend.head(parseKey(from), { signal }));
        await backend.delete(parseKey(from), { signal });
        return copied;
      }),

    deletePrefix: (prefix, options = {}) =>
      call("deletePrefix", prefix, options, (backend) => {
        if (prefix === "") throw refuse("prefix", "must not be empty: that would delete everything");
        return deleteBelow(backend, prefix, options);
      }),

    createMultipartUpload: (key, options = {}) => createMultipart(call, key, options),

    resumeMultipartUpload: (key, upload) => resumeMultipart(call, key, upload),

    listUploads: (options = {}) => listUploads(call, options),

    sweepUploads: (options = {}) => sweepUploads(call, options),

    update: (key, fn, options = {}) => update(call, key, fn, options),

    scoped: (prefix) => scoped(store, prefix),
  };
  return store;
}

/** Opens an object; rejects `not-found`. */
export async function download(
  backend: Backend,
  key: Key,
  options: DownloadOptions,
  place: Place,
  watch: Watch,
): ReturnType<ObjectStore["download"]> {
  const { range, ifMatch, ifNoneMatch, parallel = 1 } = options;
  const stored = await backend.get(key, {
    ...versioned(backend, options),
    range: range === undefined ? undefined : parseRange(range),
    ifMatch: checkEtag("ifMatch", unlessAny(ifMatch)),
    ifNoneMatch: checkEtag("ifNoneMatch", ifNoneMatch),
    parallel: wholeNumber("parallel", parallel, 1, 16),
    place,
  });
  if (!stored) throw absent(key);
  return toDownload(backend, watch ? watch(stored) : stored, place);
}

function list(call: Caller, options: ListOptions): ReturnType<ObjectStore["list"]> {
  // Null is refused in the frame, at the first step.
  const { prefix = "", delimiter, cursor, limit = PAGE_LIMIT, signal } = options ?? {};
  return listing(() => {
    const iteration = {};
    return (from) =>
      call("list", prefix, options, (backend) => {
        if (delimiter !== undefined && delimiter !== "/") throw refuse("delimiter", 'must be "/" or absent');
        wholeNumber("limit", limit, 1, PAGE_LIMIT);
        parsePrefix(prefix);
        return pageAt({ prefix, delimiter }, from, (at) =>
          backend.list({ prefix, limit, signal, delimiter, cursor: at, iteration }),
        );
      });
  }, cursor);
}

async function copy(backend: Backend, from: string, to: string, options: CopyOptions): ReturnType<ObjectStore["copy"]> {
  const [source, target] = [parseKey(from), parseKey(to)];
  if (from === to) throw refuse("to", "must be another key than from");
  const ifMatch = checkEtag("ifMatch", unlessAny(options.ifMatch));
  const checked = { ...versioned(backend, options), ifMatch };
  const copied = backend.copy
    ? await backend.copy(source, target, checked)
    : await copyThrough(backend, source, target, checked);
  if (!copied) throw absent(from);
  return toInfo(backend, copied);
}

async function copyThrough(backend: Backend, from: Key, to: Key, options: CopyOptions): Promise<StoredInfo | null> {
  const stored = await backend.get(from, options);
  if (!stored) return null;
  const { body, info } = stored;
  const put = async (): Promise<StoredInfo> =>
    backend.put(to, { stream: body, size: info.size }, { ...objectHeaders(info), signal: options.signal });
  return releasing(body, put());
}

/** Refuses to name a version to a driver that would give another. */
function versioned<T extends RequestOptions>(backend: Backend, options: T): T {
  if (options.versionId === undefined || backend.versions) return options;
  throw new StorageError("unsupported", "this driver keeps no versions");
}

function ofMany(options: RequestOptions): RequestOptions {
  if (options.versionId !== undefined) throw refuse("versionId", "is for one key; delete them one by one");
  if (options.headers !== undefined) throw refuse("headers", "are for one key; give them in the driver's headers");
  return options;
}

/** On a read `*` asks for what `not-found` tells anyway, so drivers need not know it. */
function unlessAny(ifMatch: string | undefined): string | undefined {
  return ifMatch === "*" ? undefined : ifMatch;
}

function absent(key: string): StorageError {
  return new StorageError("not-found", "there is no object with this key", { key });
}
