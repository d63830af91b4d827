/**
 * Cursors as callers hold them: a store's own behind a mark of it and its listing. No store can tell that a cursor is of another listing: it
 * would give a wrong page. One that was altered on its way through a client each store answers in its own way.
 */
import type { Page } from "./listing.ts";
import { refuse } from "./options.ts";

/** Loads the page at a caller's cursor; rejects `invalid-option` for one of another prefix or delimiter, and for an altered one. */
export async function pageAt(
  { prefix = "", delimiter = "" }: { readonly prefix?: string; readonly delimiter?: string },
  cursor: string | undefined,
  load: (cursor: string | undefined) => Promise<Page>,
): Promise<Page> {
  const marked = (own: string): string => `${markOf(`${delimiter} ${prefix} ${own}`)}.${own}`;
  const own = cursor === undefined ? undefined : /\.([^]*)/.exec(cursor)?.[1];
  if (cursor !== undefined && (own === undefined || marked(own) !== cursor))
    throw refuse("cursor", "was altered, or is of another prefix or delimiter");
  const page = await load(own);
  return page.cursor === undefined ? page : { ...page, cursor: marked(page.cursor) };
}

/** As FNV-1a of 32 bits mixes: finds mistakes, and keeps no one off. */
function markOf(text: string): string {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
