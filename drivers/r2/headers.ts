/** Converts headers, conditions, ranges and metadata between the core and R2's binding. */
import type { GetOptions, ObjectHeaders, StoredInfo } from "../../src/backend.ts";
import { emptyMetadata, headersOf, WRITE_MARK } from "../../src/options.ts";
import { rangeHeader } from "../../src/range.ts";
import { CONTROL } from "../../src/unseen.ts";

/** The metadata entry with the id of the write that made the object. */
export const WRITE_ID: string = WRITE_MARK;

/** Headers and metadata of an object, as options of R2's writes. */
export function stored({ metadata, ...options }: ObjectHeaders, writeId: string | undefined): object {
  const { metadata: _, ...httpMetadata } = headersOf(options);
  return { httpMetadata, customMetadata: { ...metadata, ...(writeId && { [WRITE_ID]: writeId }) } };
}

/** The conditions of a read or a write. */
export type Conditions = { readonly ifMatch?: string | undefined; readonly ifNoneMatch?: string | undefined };

/**
 * Conditions as an object: a proxy of a binding on Node cannot pass `Headers`. R2's ETags are strong, so only reads
 * take weak ones.
 */
export function conditionOf({ ifMatch, ifNoneMatch }: Conditions): object | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  // `"*"` with quotes is an ETag, which no object has. Without its quotes it would match any.
  const bare = (etag: string | undefined) => (etag === '"*"' ? "W/*" : etag?.replaceAll('"', ""));
  return { etagMatches: bare(ifMatch), etagDoesNotMatch: bare(ifNoneMatch?.replace(/^W\//, "")) };
}

/**
 * A range as `Headers`, with which R2 answers one beyond the object by the whole object; on Node as an object (see
 * above).
 */
export function rangeOf(range: GetOptions["range"]): object | undefined {
  if (!range || "FixedLengthStream" in globalThis) return range && new Headers({ range: rangeHeader(range) });
  if ("suffix" in range) return range;
  const { start: offset, end } = range;
  return end === undefined ? { offset } : { offset, length: end - offset + 1 };
}

/**
 * The metadata of an object. Entries that HTTP cannot carry, and one of both `A` and `a`, are only counted: a binding
 * stores them.
 */
export function metadataOf(
  custom: Readonly<Record<string, string>> = {},
): Pick<StoredInfo, "metadata" | "missingMetadata"> {
  const metadata = emptyMetadata();
  let missingMetadata = 0;
  for (const [name, value] of Object.entries(custom)) {
    const lower = name.toLowerCase();
    if (name === WRITE_ID) continue;
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower) || /^\s|\s$/.test(value) || CONTROL.test(value) || lower in metadata)
      missingMetadata++;
    else metadata[lower] = value;
  }
  return missingMetadata ? { metadata, missingMetadata } : { metadata };
}
