/** The object verbs below a prefix. */
import type { DeleteOptions, ObjectStore } from "./interface.ts";
import type { ListOptions } from "./listing.ts";
import { parsePrefix } from "./key.ts";
import { renamed, renamedPages, renamedState, renamedUpdate, renamedUploads, renaming } from "./renamed.ts";
import { prefixed, refuse } from "./options.ts";
import { listing } from "./pages.ts";

/**
 * The same verbs with `prefix` put before every key. The store checks the joined key and refuses `..` segments, so that
 * no key can leave the prefix.
 */
export function scoped(store: ObjectStore, prefix: string): ObjectStore {
  if (prefix === "") throw refuse("prefix", "must not be empty: use the store itself");
  parsePrefix(prefix);
  const full = (key: string): string => {
    // An empty key must stay empty, to be refused: it must not become the prefix.
    return typeof key === "string" && key !== "" ? prefix + key : key;
  };
  // A key that was refused before the prefix was added has none.
  const cut = (key: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  const run = <T>(outcome: Promise<T>): Promise<T> => renaming(outcome, cut);
  const below = <T extends { readonly prefix?: string }>(options: T): T => prefixed(options, (rest) => prefix + rest);
  const on =
    <Rest extends unknown[], T>(verb: (key: string, ...rest: Rest) => Promise<T>) =>
    (key: string, ...rest: Rest): Promise<T> =>
      run(verb(full(key), ...rest));

  const scope: ObjectStore = {
    upload: on(store.upload),
    download: on(store.download),
    delete: (keys: string | readonly string[], options?: DeleteOptions) =>
      run(store.delete(Array.isArray(keys) ? keys.map(full) : full(keys as string), options)),
    exists: on(store.exists),
    presign: on(store.presign),
    head: on(store.head),
    list: (options: ListOptions = {}) => {
      const inner = below(options);
      return listing(() => renamedPages((cursor) => store.list(inner && { ...inner, cursor }), cut), options?.cursor);
    },
    copy: (from, to, options) => run(store.copy(full(from), full(to), options)),
    move: (from, to, options) => run(store.move(full(from), full(to), options)),
    deletePrefix: on(store.deletePrefix),
    createMultipartUpload: (key, options) => renamed(store.createMultipartUpload(full(key), options), cut),
    resumeMultipartUpload: (key, upload) =>
      renamed(store.resumeMultipartUpload(full(key), renamedState(upload, key, full(key))), cut),
    listUploads: (options = {}) => renamedUploads(store, below(options), cut),
    sweepUploads: (options = {}) => run(store.sweepUploads(below(options))),
    update: (key, fn, options) => run(store.update(full(key), renamedUpdate(fn, cut), options)),
    scoped: (deeper) => scoped(scope, deeper),
  };
  return scope;
}
