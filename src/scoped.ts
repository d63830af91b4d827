/** The object interface below a prefix. */
import type { StoredInfo } from "./backend.ts";
import type { ListOptions, ObjectStore, Page } from "./interface.ts";
import { parsePrefix } from "./key.ts";
import { refuse } from "./options.ts";
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
  const relative = <T extends StoredInfo>(info: T): T => ({ ...info, key: info.key.slice(prefix.length) });
  const relativePage = (page: Page): Page => ({
    objects: page.objects.map(relative),
    prefixes: page.prefixes.map((found) => found.slice(prefix.length)),
    cursor: page.cursor,
  });

  return {
    upload: async (key, body, options) => relative(await store.upload(full(key), body, options)),
    download: async (key, options) => relative(await store.download(full(key), options)),
    delete: (keys, options) => store.delete(typeof keys === "string" ? full(keys) : keys.map(full), options),
    exists: (key, options) => store.exists(full(key), options),
    presign: (key, options) => store.presign(full(key), options),
    head: async (key, options) => {
      const info = await store.head(full(key), options);
      return info && relative(info);
    },
    list: (options: ListOptions = {}) => {
      const inner = { ...options, prefix: prefix + (options.prefix ?? "") };
      return listing(async (cursor) => {
        const page = await store
          .list({ ...inner, cursor })
          .pages()
          .next();
        return page.done ? { objects: [], prefixes: [] } : relativePage(page.value);
      }, options.cursor);
    },
    copy: async (from, to, options) => relative(await store.copy(full(from), full(to), options)),
    move: async (from, to, options) => relative(await store.move(full(from), full(to), options)),
    deletePrefix: (below, options) => store.deletePrefix(full(below), options),
    createMultipartUpload: async (key, options) => {
      const upload = await store.createMultipartUpload(full(key), options);
      return { ...upload, key, complete: async (parts, end) => relative(await upload.complete(parts, end)) };
    },
    resumeMultipartUpload: (key, uploadId) => store.resumeMultipartUpload(full(key), uploadId),
    update: async (key, fn, options) => relative(await store.update(full(key), fn, options)),
    scoped: (deeper) => scoped(store, full(deeper)),
  };
}
