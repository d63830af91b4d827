/** The parts that a completion names, held against those that are stored. */
import type { StoredPart, UploadedPart } from "./backend.ts";
import { refuse } from "./options.ts";

/**
 * The stored parts of a list; rejects `invalid-option`, as S3 does, for a list that is empty or not ascending, and for a part
 * that is not stored or has been replaced by another one since.
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
