/** Cursors as callers hold them: a store's own behind a mark of its listing, since no store can tell and would give a wrong page. */
import type { Page } from "./listing.ts";
import { refuse } from "./options.ts";

/** Loads the page at a caller's cursor; rejects `invalid-option` for one of another prefix or delimiter. */
export async function pageAt(
  { prefix = "", delimiter = "" }: { readonly prefix?: string; readonly delimiter?: string },
  cursor: string | undefined,
  load: (cursor: string | undefined) => Promise<Page>,
): Promise<Page> {
  const mark = markOf(`${delimiter} ${prefix}`);
  if (cursor !== undefined && !String(cursor).startsWith(mark))
    throw refuse("cursor", "is of another prefix or delimiter");
  const page = await load(cursor?.slice(mark.length));
  return page.cursor === undefined ? page : { ...page, cursor: mark + page.cursor };
}

/** As FNV-1a of 32 bits mixes: finds mistakes, and keeps no one off. */
function markOf(text: string): string {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return `${(hash >>> 0).toString(36)}.`;
}
