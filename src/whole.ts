/**
 * For drivers of stores that read and write objects as a whole: reads a source to its end, checks conditions, makes a
 * page out of all entries. `resolveRange` of `range.ts` tells which bytes a range asks for.
 */
import type { GetOptions, ListPage, ListPageOptions, PutOptions, Source, StoredInfo } from "./backend.ts";
import { collect } from "./collect.ts";
import { StorageError } from "./error.ts";
import { compareKeys } from "./key.ts";
import { readerOf } from "./reader.ts";

/**
 * Reads all bytes of a source, as a copy. Rejects `interrupted` if the stream fails or is cut, `invalid-option` if its
 * length is not the declared one, and with the signal's reason on abort; the stream is then cancelled.
 */
export async function readAll(source: Source, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  // A copy: the caller may change its bytes afterwards.
  if ("bytes" in source) return new Uint8Array(source.bytes);
  const reader = readerOf(source, signal);
  try {
    return (await collect(reader.next, source.size ?? 1024, Infinity)) as Uint8Array<ArrayBuffer>;
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
}

/** Checks the conditions of a read against the object; throws `precondition-failed` or `not-modified`. */
export function checkRead(info: StoredInfo, { ifMatch, ifNoneMatch }: GetOptions): void {
  if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== info.etag) {
    throw new StorageError("precondition-failed", "the object has another ETag than ifMatch");
  }
  if (ifNoneMatch === "*" || ifNoneMatch === info.etag)
    throw new StorageError("not-modified", "the object still has this ETag");
}

/**
 * Checks the conditions of a write against the present object, if any; throws `precondition-failed`. Nothing may be
 * awaited between this check and the write, or two writers could both pass.
 */
export function checkWrite(info: StoredInfo | null | undefined, { ifMatch, ifNoneMatch }: PutOptions): void {
  if (ifNoneMatch === "*" && info)
    throw new StorageError("precondition-failed", "the object exists already", { key: info.key });
  if (ifMatch !== undefined && (!info || (ifMatch !== "*" && ifMatch !== info.etag))) {
    throw new StorageError(
      "precondition-failed",
      info ? "the object has another ETag than ifMatch" : "there is no object to match ifMatch",
    );
  }
}

/** Bytes of a piece of {@link streamOf}. */
const PIECE = 256 * 1024;

/** Bytes as the body of a download, in copied pieces of 256 KiB. Errors with the signal's reason on abort. */
export function streamOf(bytes: Uint8Array, signal?: AbortSignal): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (signal?.aborted) return controller.error(signal.reason);
        // A copy, since a consumer may transfer the buffer that it is given.
        if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, (at += PIECE)));
        if (at >= bytes.byteLength) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * One page of a listing out of all objects, given in any order. The cursor is the last key or prefix of the page
 * before.
 */
export function pageOf(
  all: readonly StoredInfo[],
  { prefix, delimiter, cursor, startAfter, limit }: ListPageOptions,
): ListPage {
  const objects: StoredInfo[] = [];
  const prefixes: string[] = [];
  let last = "";
  const after = cursor ?? startAfter ?? "";
  for (const info of all.filter((entry) => entry.key.startsWith(prefix)).sort((a, b) => compareKeys(a.key, b.key))) {
    const slash = delimiter ? info.key.indexOf(delimiter, prefix.length) : -1;
    const name = slash < 0 ? info.key : info.key.slice(0, slash + 1);
    if (compareKeys(name, after) <= 0 || (slash >= 0 && name === last)) continue;
    if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: last };
    if (slash < 0) objects.push(info);
    else prefixes.push(name);
    last = name;
  }
  return { objects, prefixes };
}
