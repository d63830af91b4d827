/** Results and failures whose keys have the names that their reader knows them by: relative to a scope, or below a mount. */
import type { PendingUpload } from "./backend.ts";
import { renamePlace } from "./download.ts";
import { quoted, StorageError } from "./error.ts";
import type { MultipartUpload, ObjectStore, UpdateFunction, UploadsOptions, UploadState } from "./interface.ts";
import type { ObjectList, Page } from "./listing.ts";
import type { Load } from "./pages.ts";

/** How a reader calls a key of the store. */
export type Name = (key: string) => string;

/** An outcome under other names: the key of what it gives, where that has one, and those of its failure. */
export async function renaming<T>(outcome: Promise<T>, named: Name): Promise<T> {
  try {
    return rename(await outcome, named);
  } catch (error) {
    throw StorageError.is(error) ? renameError(error, named) : error;
  }
}

function renameError(error: StorageError, named: Name): StorageError {
  const { key, deleted, errors } = error;
  // Keys of a batch may share an error.
  for (const inner of new Set(errors?.map((failure) => failure.error))) renameError(inner, named);
  // Its message names its key, that of a batch the first that failed.
  for (const said of [key, errors?.[0]?.key])
    if (said !== undefined) error.message = error.message.replace(quoted(said), () => quoted(named(said)));
  return Object.assign(
    error,
    key !== undefined && { key: named(key) },
    deleted && { deleted: deleted.map(named) },
    errors && { errors: errors.map((failure) => rename(failure, named)) },
  );
}

/** An upload, once it is there, under another name. */
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

/**
 * A state for the store further in, which knows the upload's key as `inner`. That of another key goes on as it is, to be refused
 * there.
 */
export function renamedState(upload: string | UploadState, key: string, inner: string): string | UploadState {
  return typeof upload === "object" && upload?.key === key ? { ...upload, key: inner } : upload;
}

/** The function of an update, which is given the object under another name; what is no function goes on, to be refused. */
export function renamedUpdate(fn: UpdateFunction, named: Name): UpdateFunction {
  return typeof fn === "function" ? (current) => fn(rename(current, named)) : fn;
}

/** The pages of one iteration of a store's listing, which `list` begins at a cursor, under other names. */
export function renamedPages(list: (cursor: string | undefined) => ObjectList, named: Name): Load {
  let pages: AsyncGenerator<Page, void, void> | undefined;
  return async (first) => {
    const { value } = await renaming((pages ??= list(first).pages()).next(), named);
    const { objects, prefixes, cursor } = value ?? { objects: [], prefixes: [] };
    return {
      // The marker that some tools make for a folder has the scope's prefix itself for a key, which no verb there could name.
      objects: objects.map((object) => rename(object, named)).filter(({ key }) => key !== ""),
      prefixes: prefixes.map(named),
      cursor,
    };
  };
}

/** The uploads of a store under other names. */
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
  // Not by spreading, which would make the stream and the headers of a download that nobody has asked for.
  const properties = Object.getOwnPropertyDescriptors(found);
  return Object.create(Object.getPrototypeOf(found) as object, {
    ...properties,
    key: { ...properties.key, value: named(found.key as string) },
  }) as T;
}
