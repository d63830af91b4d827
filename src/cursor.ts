/**
 * Cursors as callers hold them: a checksum of cursor, prefix and delimiter, then the store's own cursor. Stores do not
 * notice that a cursor belongs to another listing, and return a wrong page; what they do with an altered one differs.
 */
import type { Page } from "./listing.ts";
import { refuse } from "./options.ts";

/**
 * Loads the page at a caller's cursor. Rejects `invalid-option` if it was altered, or is of another prefix or
 * delimiter.
 */
export async function pageAt(
  { prefix = "", delimiter = "" }: { readonly prefix?: string; readonly delimiter?: string },
  cursor: string | undefined,
  load: (cursor: string | undefined) => Promise<Page>,
): Promise<Page> {
  const withChecksum = (own: string): string => `${checksumOf(`${delimiter} ${prefix} ${own}`)}.${own}`;
  const own = cursor === undefined ? undefined : /\.([^]*)/.exec(cursor)?.[1];
  if (cursor !== undefined && (own === undefined || withChecksum(own) !== cursor))
    throw refuse("cursor", "was altered, or is of another prefix or delimiter");
  const page = await load(own);
  return page.cursor === undefined ? page : { ...page, cursor: withChecksum(page.cursor) };
}

/** A checksum as of 32-bit FNV-1a: it detects mistakes, and is no protection against forgery. */
function checksumOf(text: string): string {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
