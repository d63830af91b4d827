/** What is stored with an object, what is asked of it, and what comes with it, between the core and R2. */
import type { GetOptions, ObjectHeaders, StoredInfo } from "../../src/backend.ts";
import { emptyMetadata, headersOf, WRITE_MARK } from "../../src/options.ts";
import { rangeHeader } from "../../src/range.ts";
import { CONTROL } from "../../src/unseen.ts";

/** The name in an object's metadata under which the id of its write stands. */
export const WRITE_ID: string = WRITE_MARK;

/** What is stored with an object, as R2 takes it. */
export function stored({ metadata, ...options }: ObjectHeaders, writeId: string | undefined): object {
  const { metadata: _, ...httpMetadata } = headersOf(options);
  return { httpMetadata, customMetadata: { ...metadata, ...(writeId && { [WRITE_ID]: writeId }) } };
}

/** What a read or a write may ask of the version that is there. */
export type Conditions = { readonly ifMatch?: string | undefined; readonly ifNoneMatch?: string | undefined };

/** Not as `Headers`, which a proxy of a binding on Node does not carry. R2's ETags are strong, so that only reads take weak ones. */
export function conditionOf({ ifMatch, ifNoneMatch }: Conditions): object | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  // Of `"*"`, which is no object's, the bare one would be any.
  const bare = (etag: string | undefined) => (etag === '"*"' ? "W/*" : etag?.replaceAll('"', ""));
  return { etagMatches: bare(ifMatch), etagDoesNotMatch: bare(ifNoneMatch?.replace(/^W\//, "")) };
}

/** As `Headers`, of which R2 answers those beyond the object with all of it; but for a proxy of a binding on Node, which carries none. */
export function rangeOf(range: GetOptions["range"]): object | undefined {
  if (!range || "FixedLengthStream" in globalThis) return range && new Headers({ range: rangeHeader(range) });
  if ("suffix" in range) return range;
  const { start: offset, end } = range;
  return end === undefined ? { offset } : { offset, length: end - offset + 1 };
}

/** Metadata that came with an object. A binding stores names and values that no header can say, and both `A` and `a`. */
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
