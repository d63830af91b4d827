/** Moving: a copy that is looked at before its source is deleted, inside one store or from one to another. */
import type { BackendDeleteOptions, RequestOptions, StoredInfo } from "./backend.ts";
import { copyHeaders } from "./copy-headers.ts";
import { hasCode, notFound, StorageError } from "./error.ts";
import type { MoveOptions } from "./interface.ts";

/** What tells one version of an object from another. */
export type Seen = Pick<StoredInfo, "etag" | "size" | "lastModified" | "versionId">;

/** The store at one end of a move. */
export interface End<K extends string> {
  head(key: K, call: RequestOptions): Promise<Seen | null>;
  delete(key: K, options: BackendDeleteOptions): Promise<void>;
}

/**
 * Moves, in this order: refuses two names of one object, since its delete would take all there is; copies the version that was
 * seen; compares the copy's size; looks at the source again; deletes that version. One that was written meanwhile is kept, but for
 * the moment between look and delete where the store holds no condition of a delete, and which then is looked at once more. `copy` is given the ETag of the one version to
 * copy, none where the store has none.
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
  // Some stores read `a//b` as `a/b`, and mounts may overlap. Another object that is equal cannot be told from it.
  if (there && isTwin(seen, there))
    throw conflict(from, "both keys lead to one object, or to two equal ones of the same time; all was kept");
  const own = seen.etag === '""' ? undefined : seen.etag;
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

/** Whether all that stores tell of two objects is equal: one object seen twice is. Dates may be cut to seconds. */
export function isTwin(a: Seen, b: Seen): boolean {
  return (
    a.etag === b.etag &&
    a.size === b.size &&
    Number(a.lastModified ?? 0) === Number(b.lastModified ?? 0) &&
    (a.versionId ?? b.versionId) === (b.versionId ?? a.versionId)
  );
}

/** Also of a store that has no such delete, which some say by 400, or that holds the condition against another text. */
function refusesCondition(error: unknown): boolean {
  if (!StorageError.is(error)) return false;
  return ["precondition-failed", "unsupported"].includes(error.code) || error.response?.status === 400;
}

function conflict(key: string, message: string): StorageError {
  return new StorageError("conflict", message, { key });
}
