/**
 * The structure of an unstorage driver, for both its majors. It is written here so that the package neither imports unstorage
 * at run time nor makes consumers compile its types; a type test holds it against the real ones.
 */
import type { UploadBody } from "./interface.ts";

/** unstorage's bag of per-call options, as this package's drivers read it. */
export type KvOptions = Record<string, unknown>;

/** What `getMeta` gives. */
export interface KvMeta {
  /** Absent where the store's answer does not say. */
  readonly mtime?: Date;
  /** In bytes. */
  readonly size: number;
  /** The quoted header value. */
  readonly etag: string;
  /** Of the object. */
  readonly contentType: string;
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly [name: string]: string | number | object | null | undefined;
}

/** The key-value side of a driver. Keys are unstorage's: segments joined by `:`. */
export interface UnstorageDriver {
  /** Of the driver, such as `s3`. */
  readonly name: string;
  /** False only when the store says so; everything else rejects. */
  hasItem(key: string, options?: KvOptions): Promise<boolean>;
  /** Text, or null when absent; unstorage parses it. */
  getItem(key: string, options?: KvOptions): Promise<string | null>;
  /** Bytes, or with `{ type: "stream" }` a `ReadableStream`; null when absent. */
  getItemRaw(key: string, options?: KvOptions): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null>;
  /** Replaces what is there. */
  setItem(key: string, value: string, options?: KvOptions): Promise<void>;
  /** Takes everything that `upload` takes, and its options. */
  setItemRaw(key: string, value: UploadBody, options?: KvOptions): Promise<void>;
  /** An absent key is success. */
  removeItem(key: string, options?: KvOptions): Promise<void>;
  /** One HEAD; null when absent. */
  getMeta(key: string, options?: KvOptions): Promise<KvMeta | null>;
  /** Keys below the base, exactly; objects whose key is not in key-value form are left out. */
  getKeys(base?: string, options?: KvOptions): Promise<string[]>;
  /** Removes everything below the base, exactly; without one, everything. */
  clear(base?: string, options?: KvOptions): Promise<void>;
  /** What the callback throws or rejects with is passed over. */
  watch?(callback: (event: "update" | "remove", key: string) => unknown): Promise<() => Promise<void>>;
  /** Waits for what is removed behind uploads that were aborted, ten seconds at most, and lets go of the store until the next call. */
  dispose(): Promise<void>;
}
