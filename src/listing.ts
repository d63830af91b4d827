/** A listing as users hold it: types only. */
import type { CallOptions, ListedObject } from "./backend.ts";

/** Options of `list`. */
export interface ListOptions extends CallOptions {
  /** Only keys that start with this, at a `/` or not. Default: all. */
  readonly prefix?: string | undefined;
  /** `"/"` groups what lies deeper into `{ prefix }` entries. */
  readonly delimiter?: "/" | undefined;
  /** From a page before; opaque, and bound to its prefix and delimiter: with others it rejects `invalid-option`. */
  readonly cursor?: string | undefined;
  /**
   * Only what comes after this in the order of keys, whether it is there or not; it begins with the prefix. A group counts by its
   * name: after `a/b`, `a/` is not listed. Without effect beside a cursor, which is behind it already.
   */
  readonly startAfter?: string | undefined;
  /** Entries in one page, 1 to 1000, never a total. Default 1000. */
  readonly limit?: number | undefined;
}

/** Options of a listing without groups, whose entries are all objects. */
export type FlatListOptions = ListOptions & { readonly delimiter?: undefined };

/** An object in a listing. */
export type ObjectEntry = ListedObject & { readonly prefix?: undefined };

/** An object, or with a delimiter a prefix that holds objects. */
export type ListEntry = ObjectEntry | { readonly prefix: string; readonly key?: undefined };

/** One page: at most `limit` objects and prefixes together, `cursor` unless it is the last. */
export interface Page {
  /** In the store's order. */
  readonly objects: readonly ListedObject[];
  /** With a delimiter: what holds deeper objects, each with its `/`. */
  readonly prefixes: readonly string[];
  /** What `list` goes on from. */
  readonly cursor?: string;
}

/** A listing: iterate it for entries, or its `pages()`. Nothing is asked before the first step. */
export interface ObjectList<Entry extends ListEntry = ListEntry> extends AsyncIterable<Entry> {
  /** Page by page, each by one request of the store at least. */
  pages(): AsyncGenerator<Page, void, void>;
}
