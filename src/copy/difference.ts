/** Compares the objects of two stores under one key. */
import type { ObjectHeaders } from "../backend.ts";
import { hasCode, nullIfAbsent, StorageError, storeBroke } from "../error.ts";
import type { DownloadedObject, ObjectInfo, ObjectStore } from "../interface.ts";
import { HEADER_OPTIONS, withoutMark } from "../options.ts";
import { readerOf } from "../reader.ts";
import { releasing } from "../upload.ts";

/** What two objects differ in. `time`: the target is older than its source, or one of the times is not known. */
export type CopyDifference = "size" | "time" | "bytes" | keyof ObjectHeaders;

/**
 * Reads both objects at the same time, up to the first difference, and with `all` also compares headers and metadata.
 * Returns what differs, empty if they are equal; null if `to` has no object. Rejects `not-found` if `from` has none.
 */
export async function differencesOf(
  key: string,
  [from, to]: readonly [ObjectStore, ObjectStore],
  compare: "bytes" | "all",
  signal: AbortSignal | undefined,
): Promise<readonly CopyDifference[] | null> {
  const source = await from.download(key, { signal });
  const hold = async (): Promise<readonly CopyDifference[] | null> => {
    const there = await to.download(key, { signal }).catch(nullIfAbsent);
    if (there) {
      const headers = compare === "all" ? headersThatDiffer(source, there) : [];
      return (await hasSameBytes(source, there, signal)) ? headers : ["bytes", ...headers];
    }
    await source.body.cancel();
    return null;
  };
  return releasing(source.body, hold());
}

function headersThatDiffer(a: ObjectInfo, b: ObjectInfo): readonly CopyDifference[] {
  // Metadata that a store has not returned cannot be compared, so it counts as different.
  const whole = !a.missingMetadata && !b.missingMetadata;
  const same = whole && textOf(a) === textOf(b);
  return [...HEADER_OPTIONS.filter((name) => a[name] !== b[name]), ...(same ? [] : ["metadata" as const])];
}

function textOf(info: ObjectInfo): string {
  return JSON.stringify(Object.entries(withoutMark(info).metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function hasSameBytes(
  a: DownloadedObject,
  b: DownloadedObject,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const readers = [a, b].map(({ body, size }) => readerOf({ stream: body, size }, signal));
  const [one, other] = readers as [(typeof readers)[0], (typeof readers)[0]];
  const none = new Uint8Array();
  let [left, right]: [Uint8Array | null, Uint8Array | null] = [none, none];
  try {
    for (;;) {
      [left, right] = await Promise.all([
        left?.byteLength === 0 ? one.next() : left,
        right?.byteLength === 0 ? other.next() : right,
      ]);
      if (!left || !right) return left === right;
      const length = Math.min(left.byteLength, right.byteLength);
      for (let at = 0; at < length; at++) if (left[at] !== right[at]) return false;
      [left, right] = [left.subarray(length), right.subarray(length)];
    }
  } catch (error) {
    // The size is that of the store, not an option of the caller.
    if (hasCode(error, "invalid-option"))
      throw new StorageError("corrupt", "a store gave another length than it told", { cause: error });
    return storeBroke(error);
  } finally {
    await Promise.all(readers.map((reader) => reader.cancel()));
  }
}
