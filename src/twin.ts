/** Whether two names lead to one object: then a move, which deletes its source, would delete all there is. */
import type { StoredInfo } from "./backend.ts";
import { StorageError } from "./error.ts";

type Seen = Pick<StoredInfo, "etag" | "size" | "lastModified" | "versionId">;

/** Whether all that stores tell of two objects is equal: one object seen twice is. Dates may be cut to seconds. */
export function isTwin(a: Seen, b: Seen): boolean {
  return (
    a.etag === b.etag &&
    a.size === b.size &&
    Number(a.lastModified ?? 0) === Number(b.lastModified ?? 0) &&
    (a.versionId ?? b.versionId) === (b.versionId ?? a.versionId)
  );
}

/**
 * Rejects `conflict` where a move's two names lead to one object, looked at in this order: some stores read `a//b` as `a/b`, and
 * mounts may overlap. An equal object of the same time is refused too, since it cannot be told from it.
 */
export function refuseTwin(source: Seen, target: Seen | null, key?: string): void {
  if (target && isTwin(source, target))
    throw new StorageError(
      "conflict",
      "both keys lead to one object, or to two equal ones of the same time; all was kept",
      { key },
    );
}

/** Rejects `conflict` for a source that is not the one that was copied. */
export function refuseReplaced(source: Seen, now: Seen | null, key?: string): void {
  if (now && !isTwin(source, now)) throw replaced(key);
}

/** The failure of a move whose source was written meanwhile. */
export function replaced(key?: string): StorageError {
  return new StorageError("conflict", "the source was replaced while it was copied; it was kept", { key });
}
