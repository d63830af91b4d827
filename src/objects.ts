/** The object verbs, written once over the backend of any driver. */
import type { Backend, BackendCopyOptions, Key, RequestOptions, StoredInfo } from "./backend.ts";
import type { Caller, Watch } from "./call.ts";
import { pageAt } from "./cursor.ts";
import { copyHeaders, refuseLoss } from "./copy-headers.ts";
import { toDownload, toInfo } from "./download.ts";
import { notFound, type Place, refusedAt, StorageError, storeBroke } from "./error.ts";
import type { CopyOptions, DeleteOptions, DownloadOptions, ObjectInfo, ObjectStore } from "./interface.ts";
import type { ListOptions, ObjectEntry, ObjectList } from "./listing.ts";
import { compareKeys, parseKey, parsePrefix } from "./key.ts";
import { move } from "./move.ts";
import { createMultipart, resumeMultipart } from "./multipart.ts";
import { objectHeaders, refuse, wholeNumber, withoutMark } from "./options.ts";
import { listing, PAGE_LIMIT } from "./pages.ts";
import { listUploads, sweepUploads } from "./pending.ts";
import { presignOptions } from "./presign.ts";
import { parseRange } from "./range.ts";
import { deleteAll, deleteBelow } from "./removal.ts";
import { scoped } from "./scoped.ts";
import { update } from "./update.ts";
import { checkConditions, checkEtag, releasing, upload } from "./upload.ts";
import type { Verb } from "./verbs.ts";
import { checkWrite } from "./whole.ts";

/** A prefix that is empty by mistake must not delete a whole store or scope. */
const EMPTY =
  "must not be empty: that would delete everything. `clear` of the driver or Storage does; for all of a scope, call deletePrefix of the store with the scope's prefix";

/** The object verbs over one backend. */
export function objectStore(call: Caller): ObjectStore {
  const store: ObjectStore = {
    upload: (key, body, options = {}) =>
      releasing(
        body,
        call("upload", key, options, (backend) => upload(backend, parseKey(key), body, options)),
      ),

    download: (key, options = {}) =>
      call("download", key, options, (backend, place, watch) => download(backend, key, options, place, watch)),

    delete: (keys: string | readonly string[], options: DeleteOptions = {}) =>
      call("delete", typeof keys === "string" ? keys : undefined, options, (backend) =>
        Array.isArray(keys)
          ? deleteAll(backend, [...new Set(keys)].map(parseKey), checkMany(options))
          : remove(backend, keys as string, options),
      ),

    exists: (key, options = {}) =>
      call("exists", key, options, async (backend) => (await head(backend, key, options)) !== null),

    presign: (key, options = {}) =>
      call("presign", key, options, (backend) => {
        const parsed = parseKey(key);
        const checked = checkVersion(backend, presignOptions(options));
        return backend.presign?.(parsed, checked) ?? null;
      }),

    head: (key, options = {}) => call("head", key, options, (backend) => head(backend, key, options)),

    list: (options: ListOptions = {}) => list(call, "list", options),

    copy: (from, to, options = {}) =>
      call("copy", from, options, (backend) => copy(backend, ...twoKeys(from, to), options)),

    move: (from, to, options = {}) =>
      call("move", from, options, (backend) => {
        const keys = twoKeys(from, to);
        copyConditions(options);
        const copying = (ifMatch: string | undefined): Promise<ObjectInfo> =>
          copy(backend, ...keys, { ...options, ifMatch });
        return move(...keys, options, [backend, backend], copying);
      }),

    deletePrefix: (prefix, options = {}) =>
      call("deletePrefix", prefix, options, (backend) => {
        if (prefix === "") throw refuse("prefix", EMPTY);
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

/** Reads metadata; null if the key is absent. */
export async function head(backend: Backend, key: string, options: RequestOptions): Promise<ObjectInfo | null> {
  const info = await backend.head(parseKey(key), checkVersion(backend, options));
  return info && toInfo(backend, info);
}

/** Deletes one object. */
export async function remove(backend: Backend, key: string, options: DeleteOptions): Promise<void> {
  const parsed = parseKey(key);
  const ifMatch = ifMatchOf(options);
  const call = { ...checkVersion(backend, options), ifMatch };
  if (ifMatch !== undefined) {
    // Some stores ignore the condition and delete anything. For them this check leaves only a short race.
    const present = await backend.head(parsed, { ...call, headers: copyHeaders(call.headers).target });
    if (!present) return;
    checkWrite(present, { ifMatch });
  }
  return backend.delete(parsed, call);
}

/** Opens an object; rejects `not-found`. */
export async function download(
  backend: Backend,
  key: string,
  options: DownloadOptions,
  place: Place,
  watch: Watch,
): ReturnType<ObjectStore["download"]> {
  const { range, ifNoneMatch, parallel = 1 } = options;
  const stored = await backend.get(parseKey(key), {
    ...checkVersion(backend, options),
    range: range === undefined ? undefined : parseRange(range),
    ifMatch: ifMatchOf(options),
    ifNoneMatch: checkEtag("ifNoneMatch", ifNoneMatch),
    parallel: wholeNumber("parallel", parallel, 1, 16),
    place,
  });
  if (!stored) throw notFound(key);
  return toDownload(backend, watch ? watch(stored) : stored, place);
}

/** Lists the objects below a prefix for a verb, `list` or `getKeys`. */
export function list(call: Caller, operation: Verb, options: ListOptions): ObjectList<ObjectEntry> {
  // `options` may be null, which `call` refuses at the first step.
  const { prefix = "", delimiter, cursor, startAfter, limit = PAGE_LIMIT, signal } = options ?? {};
  return listing(() => {
    const iteration = {};
    return (from) =>
      call(operation, prefix, options, (backend) => {
        if (delimiter !== undefined && delimiter !== "/") throw refuse("delimiter", 'must be "/" or absent');
        wholeNumber("limit", limit, 1, PAGE_LIMIT);
        parsePrefix(prefix);
        if (startAfter !== undefined && !(typeof startAfter === "string" && startAfter.startsWith(prefix)))
          throw refuse("startAfter", "must be text that begins with the prefix");
        parsePrefix(startAfter ?? "");
        return pageAt({ prefix, delimiter }, from, async (cursor) => {
          const asked = { prefix, limit, signal, delimiter, iteration };
          if (cursor !== undefined || !startAfter) return backend.list({ ...asked, cursor });
          const page = await backend.list({ ...asked, startAfter });
          // Stores differ in whether they list a group that has keys both before and after `startAfter`.
          return { ...page, prefixes: page.prefixes.filter((group) => compareKeys(group, startAfter) > 0) };
        });
      });
  }, cursor);
}

function twoKeys(from: string, to: string): readonly [Key, Key] {
  const keys = [parseKey(from), parseKey(to)] as const;
  if (from === to) throw refuse("to", "must be another key than from");
  return keys;
}

async function copy(backend: Backend, from: Key, to: Key, options: CopyOptions): Promise<ObjectInfo> {
  const checked = { ...checkVersion(backend, options), ...copyConditions(options) };
  const copied = backend.copy ? await backend.copy(from, to, checked) : await copyThrough(backend, from, to, checked);
  if (!copied) throw notFound(from);
  return toInfo(backend, copied);
}

/** The conditions of source (`ifMatch`) and target (`ifNoneMatch`); throws `invalid-option`. */
function copyConditions(options: CopyOptions): Pick<CopyOptions, "ifMatch" | "ifNoneMatch"> {
  const { ifNoneMatch } = checkConditions({ ifNoneMatch: options.ifNoneMatch });
  return { ifMatch: ifMatchOf(options), ifNoneMatch };
}

async function copyThrough(
  backend: Backend,
  from: Key,
  to: Key,
  { headers, ifNoneMatch, ...reading }: BackendCopyOptions,
): Promise<StoredInfo | null> {
  const { source, write } = copyHeaders(headers);
  const stored = await backend.get(from, { ...reading, headers: source });
  if (!stored) return null;
  const { body, info } = stored;
  const put = async (): Promise<StoredInfo> => {
    refuseLoss(info);
    const options = { ...objectHeaders(withoutMark(info)), headers: write, ifNoneMatch, signal: reading.signal };
    return backend.put(to, { stream: body, size: info.size }, options).catch(storeBroke).catch(refusedAt(to));
  };
  return releasing(body, put());
}

/** The options, unless they name a version and the driver has none: throws `unsupported`. */
function checkVersion<T extends RequestOptions>(backend: Backend, options: T): T {
  if (options.versionId === undefined || backend.versions) return options;
  throw new StorageError("unsupported", "this driver keeps no versions");
}

/** The options of a delete of many keys; throws for those that are for one key. */
function checkMany(options: DeleteOptions): DeleteOptions {
  for (const name of ["versionId", "ifMatch"] as const)
    if (options[name] !== undefined) throw refuse(name, "is for one key; delete them one by one");
  if (options.headers !== undefined) throw refuse("headers", "are for one key; give them in the driver's headers");
  return options;
}

/**
 * The checked ETag of `ifMatch`. `*` is dropped: an absent object rejects `not-found` anyway, so drivers need not know
 * it.
 */
function ifMatchOf({ ifMatch }: Pick<DownloadOptions, "ifMatch">): string | undefined {
  return ifMatch === "*" ? undefined : checkEtag("ifMatch", ifMatch);
}
