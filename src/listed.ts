/** Checks the parts that a completion lists against the stored ones. */
import type { StoredPart, UploadedPart } from "./backend.ts";
import { refuse } from "./options.ts";

/**
 * The stored parts that a completion lists. Like S3 throws `invalid-option` if the list is empty or not ascending, or
 * if a part is not stored or was replaced since.
 */
export function listedParts<T extends StoredPart>(list: readonly UploadedPart[], stored: readonly T[]): readonly T[] {
  if (list.length === 0) throw refuse("parts", "must not be empty: upload a part, or abort");
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  return list.map(({ partNumber, etag }, index) => {
    if (partNumber <= (list[index - 1]?.partNumber ?? 0)) throw refuse("parts", "must be in ascending order");
    const part = byNumber.get(partNumber);
    if (part?.etag === etag) return part;
    const what = part ? `has the ETag ${part.etag}, not ${etag}` : "is not stored";
    throw refuse("parts", `names part ${partNumber}, which ${what}: upload it again`);
  });
}
