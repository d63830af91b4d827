/**
 * Translates keys in results and errors of a store into those that the caller uses: relative to a scope, or below a
 * mount.
 */
import type { PendingUpload } from "./backend.ts";
import { renamePlace } from "./download.ts";
import { quoted, StorageError } from "./error.ts";
import type { MultipartUpload, ObjectStore, UpdateFunction, UploadsOptions, UploadState } from "./interface.ts";
import type { ObjectList, Page } from "./listing.ts";
import type { Load } from "./pages.ts";

/** Turns a key of the store into the caller's. */
export type Name = (key: string) => string;

/** The same outcome with translated keys, in its result and in its error. */
export async function renaming<T>(outcome: Promise<T>, named: Name): Promise<T> {
  try {
    return rename(await outcome, named);
  } catch (error) {
    throw StorageError.is(error) ? renameError(error, named) : error;
  }
}

function renameError(error: StorageError, named: Name): StorageError {
  const { key, deleted, errors } = error;
  // A set, since keys of a batch may share an error.
  for (const inner of new Set(errors?.map((failure) => failure.error))) renameError(inner, named);
  // The message names the key, that of a batch the first failed one.
  for (const said of [key, errors?.[0]?.key])
    if (said !== undefined) error.message = error.message.replace(quoted(said), () => quoted(named(said)));
  return Object.assign(
    error,
    key !== undefined && { key: named(key) },
    deleted && { deleted: deleted.map(named) },
    errors && { errors: errors.map((failure) => rename(failure, named)) },
  );
}

/** A multipart upload with translated keys. */
export async function renamed(outcome: Promise<MultipartUpload>, named: Name): Promise<MultipartUpload> {
  const upload = await renaming(outcome, named);
  const verb =
    <Args extends unknown[], T>(run: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> =>
      renaming(run(...args), named);
  return {
    ...upload,
    uploadPart: verb(upload.uploadPart),
    parts: verb(upload.parts),
    complete: verb(upload.complete),
    abort: verb(upload.abort),
    send: verb(upload.send),
    offset: verb(upload.offset),
    state: () => rename(upload.state(), named),
    presign: verb(upload.presign),
  };
}

/** An upload's state with the key of the inner store. A state of another key is left as it is, to be refused there. */
export function renamedState(upload: string | UploadState, key: string, inner: string): string | UploadState {
  return typeof upload === "object" && upload?.key === key ? { ...upload, key: inner } : upload;
}

/**
 * The function of an update, called with a translated key. Anything but a function is left as it is, to be refused
 * later.
 */
export function renamedUpdate(fn: UpdateFunction, named: Name): UpdateFunction {
  return typeof fn === "function" ? (current) => fn(rename(current, named)) : fn;
}

/** Loads the pages of one iteration of an inner listing, with translated keys. */
export function renamedPages(list: (cursor: string | undefined) => ObjectList, named: Name): Load {
  let pages: AsyncGenerator<Page, void, void> | undefined;
  return async (first) => {
    const { value } = await renaming((pages ??= list(first).pages()).next(), named);
    const { objects, prefixes, cursor } = value ?? { objects: [], prefixes: [] };
    return {
      // Leaves out the folder marker of some tools, whose key is the scope's prefix itself: no key of the scope could
      // name it.
      objects: objects.map((object) => rename(object, named)).filter(({ key }) => key !== ""),
      prefixes: prefixes.map(named),
      cursor,
    };
  };
}

/** The unfinished uploads of a store, with translated keys. */
export async function* renamedUploads(
  store: ObjectStore,
  options: UploadsOptions,
  named: Name,
): AsyncGenerator<PendingUpload, void, void> {
  const uploads = store.listUploads(options)[Symbol.asyncIterator]();
  for (;;) {
    const step = await renaming(uploads.next(), named);
    if (step.done) return;
    yield rename(step.value, named);
  }
}

function rename<T>(found: T, named: Name): T {
  if (typeof found !== "object" || found === null || !("key" in found)) return found;
  renamePlace(found, named);
  // Not by a spread, which would call the getters of a download, and so make its stream and headers.
  const properties = Object.getOwnPropertyDescriptors(found);
  return Object.create(Object.getPrototypeOf(found) as object, {
    ...properties,
    key: { ...properties.key, value: named(found.key as string) },
  }) as T;
}
