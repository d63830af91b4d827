/** Options and results of `list`: types only. */
import type { CallOptions, ListedObject } from "./backend.ts";

/** Options of `list`. */
export interface ListOptions extends CallOptions {
  /** Only keys that start with this text, which need not end at a `/`. Default: all. */
  readonly prefix?: string | undefined;
  /**
   * `"/"`: keys with a further `/` behind the prefix are grouped into `{ prefix }` entries, as folders. Default: no
   * groups.
   */
  readonly delimiter?: "/" | undefined;
  /**
   * `cursor` of an earlier page: go on behind it. Opaque; with another prefix or delimiter it rejects `invalid-option`.
   */
  readonly cursor?: string | undefined;
  /**
   * Only keys and groups after this text in the order of keys. It must start with the prefix, and need not be a stored
   * key. A group is compared by its name: after `a/b` the group `a/` is not listed. Ignored if there is a cursor.
   */
  readonly startAfter?: string | undefined;
  /** Maximum number of entries per page, not in total; 1 to 1000. Default 1000. */
  readonly limit?: number | undefined;
}

/** Options of a listing without `delimiter`, whose entries are all objects. */
export type FlatListOptions = ListOptions & { readonly delimiter?: undefined };

/** An object in a listing. */
export type ObjectEntry = ListedObject & { readonly prefix?: undefined };

/** An entry of a listing: an object, or with a delimiter a group of objects with a common prefix. */
export type ListEntry = ObjectEntry | { readonly prefix: string; readonly key?: undefined };

/** One page of a listing: at most `limit` objects and prefixes together. */
export interface Page {
  /** The objects, in the store's order. */
  readonly objects: readonly ListedObject[];
  /** With a delimiter: the groups, each ending in `/`; otherwise empty. */
  readonly prefixes: readonly string[];
  /** For the option `cursor` of `list`, to get the next page; absent on the last page. */
  readonly cursor?: string;
}

/** A listing: iterate it for entries, or its `pages()` for pages. No request is sent before the first step. */
export interface ObjectList<Entry extends ListEntry = ListEntry> extends AsyncIterable<Entry> {
  /** Iterates page by page. Each page takes at least one request. */
  pages(): AsyncGenerator<Page, void, void>;
}
