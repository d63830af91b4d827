/** Two objects held against each other, byte by byte. */
import { hasCode, nullIfAbsent, StorageError, storeBroke } from "../error.ts";
import type { DownloadedObject, ObjectStore } from "../interface.ts";
import { readerOf } from "../reader.ts";
import { releasing } from "../upload.ts";

/**
 * Whether two stores have the same bytes under a key, both read at once, as far as they are equal; null where `to` has none.
 * Rejects `not-found` where `from` has none.
 */
export async function isEqual(
  from: ObjectStore,
  to: ObjectStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<boolean | null> {
  const source = await from.download(key, { signal });
  const hold = async (): Promise<boolean | null> => {
    const there = await to.download(key, { signal }).catch(nullIfAbsent);
    if (there) return hasSameBytes(source, there, signal);
    await source.body.cancel();
    return null;
  };
  return releasing(source.body, hold());
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
    // No caller has said how long they are.
    if (hasCode(error, "invalid-option"))
      throw new StorageError("corrupt", "a store gave another length than it told", { cause: error });
    return storeBroke(error);
  } finally {
    await Promise.all(readers.map((reader) => reader.cancel()));
  }
}
