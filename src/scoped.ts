/** The object interface below a prefix. */
import type { StoredInfo } from "./backend.ts";
import { renaming } from "./error.ts";
import type { ListOptions, ObjectStore, Page } from "./interface.ts";
import { parsePrefix } from "./key.ts";
import { renamed, renamedUploads } from "./renamed.ts";
import { prefixed, refuse } from "./options.ts";
import { listing } from "./pages.ts";

/**
 * The same verbs with `prefix` before every key. Keys are joined as text and checked afterwards by the store, and a `..`
 * segment is refused there, so nothing outside the prefix can be named.
 */
export function scoped(store: ObjectStore, prefix: string): ObjectStore {
  if (prefix === "") throw refuse("prefix", "must not be empty: use the store itself");
  parsePrefix(prefix);
  const full = (key: string): string => {
    // An empty key must stay empty to be refused, not become the prefix itself.
    return typeof key === "string" && key !== "" ? prefix + key : key;
  };
  // What was refused before the prefix was put before it has no prefix to lose.
  const cut = (key: string): string => (key.startsWith(prefix) ? key.slice(prefix.length) : key);
  const run = <T>(outcome: Promise<T>): Promise<T> => renaming(outcome, cut);
  const relative = <T extends StoredInfo>(info: T): T => ({ ...info, key: cut(info.key) });
  const named = async <T extends StoredInfo>(outcome: Promise<T>): Promise<T> => relative(await run(outcome));
  const below = <T extends { readonly prefix?: string }>(options: T): T => prefixed(options, (rest) => prefix + rest);
  const relativePage = (page: Page): Page => ({
    // The marker that some tools make for a folder has the prefix itself for a key, which no verb here could name.
    objects: page.objects.map(relative).filter((object) => object.key !== ""),
    prefixes: page.prefixes.map(cut),
    cursor: page.cursor,
  });

  return {
    upload: (key, body, options) => named(store.upload(full(key), body, options)),
    download: (key, options) => named(store.download(full(key), options)),
    delete: (keys, options) => run(store.delete(typeof keys === "string" ? full(keys) : keys.map(full), options)),
    exists: (key, options) => run(store.exists(full(key), options)),
    presign: (key, options) => run(store.presign(full(key), options)),
    head: async (key, options) => {
      const info = await run(store.head(full(key), options));
      return info && relative(info);
    },
    list: (options: ListOptions = {}) => {
      const inner = below(options);
      return listing(async (cursor) => {
        const pages = store.list(inner && { ...inner, cursor }).pages();
        const page = await run(pages.next());
        return page.done ? { objects: [], prefixes: [] } : relativePage(page.value);
      }, options?.cursor);
    },
    copy: (from, to, options) => named(store.copy(full(from), full(to), options)),
    move: (from, to, options) => named(store.move(full(from), full(to), options)),
    deletePrefix: (deeper, options) => run(store.deletePrefix(full(deeper), options)),
    createMultipartUpload: async (key, options) =>
      renamed(await run(store.createMultipartUpload(full(key), options)), cut),
    resumeMultipartUpload: async (key, upload) =>
      renamed(await run(store.resumeMultipartUpload(full(key), upload)), cut),
    listUploads: (options = {}) => renamedUploads(store, below(options), cut),
    sweepUploads: (options = {}) => run(store.sweepUploads(below(options))),
    update: (key, fn, options) => named(store.update(full(key), fn, options)),
    scoped: (deeper) => scoped(store, full(deeper)),
  };
}
