/**
 * The structure of an unstorage driver, for both majors of unstorage. It is declared here so that the package does not
 * import unstorage at run time, and consumers need not compile its types. A type test compares it with the real ones.
 */
import type { UploadBody } from "./interface.ts";

/** Per-call options of a key-value verb. Those that the verb does not know are ignored, as unstorage adds its own. */
export type KvOptions = Record<string, unknown>;

/** Result of `getMeta`. */
export interface KvMeta {
  /** When the object was written; absent if the store does not say. */
  readonly mtime?: Date;
  /** Length in bytes. */
  readonly size: number;
  /** The ETag with its quotes. */
  readonly etag: string;
  /** MIME type of the object. */
  readonly contentType: string;
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly [name: string]: string | number | object | null | undefined;
}

/** The key-value side of a driver. Keys are unstorage's: segments joined by `:`. */
export interface UnstorageDriver {
  /** The name of the driver, such as `s3`. */
  readonly name: string;
  /** Whether the key is present. False only if the store says that it is absent; any failure rejects. */
  hasItem(key: string, options?: KvOptions): Promise<boolean>;
  /** Reads an item as text, which unstorage parses; null if absent. */
  getItem(key: string, options?: KvOptions): Promise<string | null>;
  /** Reads an item as bytes, or with `{ type: "stream" }` as a `ReadableStream`; null if absent. */
  getItemRaw(key: string, options?: KvOptions): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null>;
  /** Writes an item, and replaces one that exists. */
  setItem(key: string, value: string, options?: KvOptions): Promise<void>;
  /** Writes any body that `upload` takes, with its options. */
  setItemRaw(key: string, value: UploadBody, options?: KvOptions): Promise<void>;
  /** Removes an item. An absent key is success. */
  removeItem(key: string, options?: KvOptions): Promise<void>;
  /** Reads metadata; null if absent. */
  getMeta(key: string, options?: KvOptions): Promise<KvMeta | null>;
  /** Keys below the base: `sub` does not match `subway:a`. Objects whose key has no key-value form are left out. */
  getKeys(base?: string, options?: KvOptions): Promise<string[]>;
  /** Removes everything below the base; without a base, everything. */
  clear(base?: string, options?: KvOptions): Promise<void>;
  /**
   * Reports changes to the callback, by key-value keys: `notes:a.txt` for the object `notes/a.txt`. What the callback
   * throws or rejects with is ignored. Resolves with a function that stops it.
   */
  watch?(callback: (event: "update" | "remove", key: string) => unknown): Promise<() => Promise<void>>;
  /**
   * Closes the store, after waiting up to ten seconds for the cleanup of aborted uploads. The next call opens it again.
   */
  dispose(): Promise<void>;
}
