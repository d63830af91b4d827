/** Moves an object within a store or between two: copies it, verifies the copy, deletes the source. */
import type { BackendDeleteOptions, RequestOptions, StoredInfo } from "./backend.ts";
import { copyHeaders } from "./copy-headers.ts";
import { hasCode, notFound, StorageError } from "./error.ts";
import type { MoveOptions } from "./interface.ts";

/** What distinguishes versions of an object. */
export type Seen = Pick<StoredInfo, "etag" | "size" | "lastModified" | "versionId">;

/** The store at one end of a move. */
export interface End<K extends string> {
  head(key: K, call: RequestOptions): Promise<Seen | null>;
  delete(key: K, options: BackendDeleteOptions): Promise<void>;
}

/**
 * Moves an object in these steps:
 *
 * 1. Refuses two keys of the same object, whose only copy the delete would remove.
 * 2. Copies the version that was seen: `copy` is given its ETag, or undefined if the store has none.
 * 3. Compares the size of the copy, and looks whether the source is still that version.
 * 4. Deletes the source on the condition that it is that version. If the store has no conditional delete, looks once more and
 *    deletes without one: only a write between that look and the delete is lost.
 */
export async function move<K extends string, T>(
  from: K,
  to: K,
  options: MoveOptions,
  [source, target]: readonly [source: End<K>, target: Pick<End<K>, "head">],
  copy: (ifMatch: string | undefined) => Promise<T>,
): Promise<T> {
  const { ifMatch, ifNoneMatch, signal } = options;
  const headers = copyHeaders(options.headers);
  const atSource = (): Promise<Seen | null> => source.head(from, { signal, headers: headers.source });
  const atTarget = (): Promise<Seen | null> => target.head(to, { signal, headers: headers.target });
  const replaced = (also = ""): StorageError =>
    conflict(from, `the source was replaced while it was copied; it was kept${also}`);

  const seen = await atSource();
  if (!seen) throw notFound(from);
  const there = await atTarget();
  if (there && ifNoneMatch !== undefined)
    throw new StorageError("precondition-failed", "the target exists already; all was kept", { key: to });
  // Some stores read `a//b` as `a/b`, and mounts may overlap. An equal object of the same time cannot be told from the
  // same one.
  if (there && isTwin(seen, there))
    throw conflict(from, "both keys lead to one object, or to two equal ones of the same time; all was kept");
  const own = pinOf(seen);
  const only = ifMatch === undefined || ifMatch === "*" ? own : ifMatch;
  const made = await copy(only).catch((error: unknown) => {
    const overtaken = hasCode(error, "precondition-failed") && error.key !== to && only === own;
    throw overtaken ? replaced() : error;
  });
  if ((await atTarget())?.size !== seen.size)
    throw new StorageError("corrupt", `the copy has not ${seen.size} bytes; the source was kept`, { key: to });
  const now = await atSource();
  const kept = ", and its version before is at the target";
  if (now && !isTwin(seen, now)) throw replaced(kept);
  const call = { signal, headers: headers.each };
  await source.delete(from, { ...call, ifMatch: own }).catch(async (error: unknown) => {
    if (own === undefined || !refusesCondition(error)) throw error;
    const last = await atSource();
    if (last && !isTwin(seen, last)) throw replaced(kept);
    if (last) await source.delete(from, call);
  });
  return made;
}

/** Whether two objects are equal in all that stores tell about versions, as one object seen twice is. */
export function isTwin(a: Seen, b: Seen): boolean {
  return (
    a.etag === b.etag &&
    a.size === b.size &&
    Number(a.lastModified ?? 0) === Number(b.lastModified ?? 0) &&
    (a.versionId ?? b.versionId) === (b.versionId ?? a.versionId)
  );
}

/** Whether a delete failed by its condition. Includes stores without conditional deletes, of which some answer 400. */
function refusesCondition(error: unknown): boolean {
  if (!StorageError.is(error)) return false;
  return ["precondition-failed", "unsupported"].includes(error.code) || error.response?.status === 400;
}

function conflict(key: string, message: string): StorageError {
  return new StorageError("conflict", message, { key });
}

/** The ETag that pins a version, if there is one: some servers have none for some objects. */
export function pinOf({ etag }: Pick<Seen, "etag">): string | undefined {
  return etag === '""' ? undefined : etag;
}
