/** Faults of list. */
import type { Key, ListPage, ListPageOptions } from "../../../src/backend.ts";
import { StorageError } from "../../../src/error.ts";
import { type Fault, type Faults, without } from "./fault.ts";

const asking =
  (change: (options: ListPageOptions) => ListPageOptions): Fault =>
  ({ list }) => ({ list: (options) => list(change(options)) });

const answering =
  (change: (page: ListPage, options: ListPageOptions) => ListPage): Fault =>
  ({ list }) => ({ list: async (options) => change(await list(options), options) });

const kept = (keep: (key: string, options: ListPageOptions) => boolean): Fault =>
  answering((page, options) => ({ ...page, objects: page.objects.filter(({ key }) => keep(key, options)) }));

export const listFaults: Faults = {
  "keys come by UTF-16 units": ({ list }) => ({
    async list(options) {
      const { objects, ...page } = await list(options);
      return { ...page, objects: objects.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
    },
  }),
  "keys come without order": answering((page) => ({ ...page, objects: page.objects.toReversed() })),
  "the prefix is ignored": asking((options) => ({ ...options, prefix: "" })),
  "the prefix ends at a slash": asking((options) => ({ ...options, prefix: options.prefix.replace(/[^/]*$/, "") })),
  "a prefix is taken for a folder": kept((key, { prefix }) => prefix.endsWith("/") || key.startsWith(`${prefix}/`)),
  "the delimiter is ignored": asking((options) => without(options, "delimiter")),
  "prefixes are listed with what is in them": ({ list }) => ({
    async list({ delimiter, ...options }) {
      const { prefixes } = await list({ ...options, ...(delimiter && { delimiter }) });
      return { ...(await list(options)), prefixes };
    },
  }),
  "prefixes have no slash": answering((page) => ({ ...page, prefixes: page.prefixes.map((one) => one.slice(0, -1)) })),
  "prefixes are relative": answering((page, { prefix }) => ({
    ...page,
    prefixes: page.prefixes.map((one) => one.slice(prefix.length)),
  })),
  "prefixes are missing": answering((page) => ({ ...page, prefixes: [] })),
  "a prefix that is there twice comes twice": answering((page) => ({
    ...page,
    prefixes: page.prefixes.flatMap((one) => [one, one]),
  })),
  "the limit is ignored": asking((options) => ({ ...options, limit: 1000 })),
  "the limit counts objects alone": ({ list }) => ({
    async list(options) {
      if (!options.delimiter) return list(options);
      const page = await list({ ...options, limit: options.limit + 1 });
      return page.prefixes.length > 0 ? page : list(options);
    },
  }),
  "every page is the first": asking((options) => without(options, "cursor")),
  "only the first page comes": answering((page) => without(page, "cursor")),
  "the entry at the cursor comes again": ({ list }) => ({
    async list(options) {
      const page = await list(options);
      const again =
        options.cursor && !options.cursor.endsWith("/") ? await list({ prefix: options.cursor, limit: 1 }) : null;
      return { ...page, objects: [...(again?.objects ?? []), ...page.objects] };
    },
  }),
  "a page leaves out its last entry": answering((page) =>
    page.cursor ? { ...page, objects: page.objects.slice(0, -1) } : page,
  ),
  "the last page has a cursor": answering((page) => ({
    ...page,
    cursor: page.cursor ?? page.objects.at(-1)?.key ?? page.prefixes.at(-1) ?? "~",
  })),
  "a cursor is a number of entries": ({ list }) => ({
    async list({ cursor, limit, ...options }) {
      const all = await list({ ...options, limit: 1000 });
      const from = Number(cursor ?? 0);
      const entries = [
        ...all.objects.map((object) => ({ at: object.key, object })),
        ...all.prefixes.map((at) => ({ at, object: undefined })),
      ].sort((a, b) => (a.at < b.at ? -1 : 1));
      const page = entries.slice(from, from + limit);
      return {
        objects: page.flatMap(({ object }) => (object ? [object] : [])),
        prefixes: page.flatMap(({ at, object }) => (object ? [] : [at])),
        ...(from + limit < entries.length && { cursor: String(from + limit) }),
      };
    },
  }),
  "where to start is ignored": asking((options) => without(options, "startAfter")),
  "the key where a listing starts is listed": ({ list, head }) => ({
    async list(options) {
      const page = await list(options);
      const at = options.startAfter === undefined ? null : await head(options.startAfter as Key, {});
      return at ? { ...page, objects: [at, ...page.objects] } : page;
    },
  }),
  "where to start holds at a key that is there alone": ({ list, head }) => ({
    async list(options) {
      const at = options.startAfter === undefined ? null : await head(options.startAfter as Key, {});
      return list(at ? options : without(options, "startAfter"));
    },
  }),
  "where to start is the place of every page": ({ list }) => {
    const starts = new WeakMap<object, string>();
    return {
      list({ iteration = {}, ...options }) {
        if (options.startAfter !== undefined) starts.set(iteration, options.startAfter);
        const startAfter = starts.get(iteration);
        return list(startAfter === undefined ? options : { ...without(options, "cursor"), startAfter });
      },
    };
  },
  "a listing that starts somewhere has no groups": answering((page, { startAfter }) =>
    startAfter === undefined ? page : { ...page, prefixes: [] },
  ),
  "groups are listed wherever a listing starts": ({ list }) => ({
    async list(options) {
      const { prefixes, ...page } = await list(options);
      if (options.startAfter === undefined) return { prefixes, ...page };
      return { ...page, prefixes: (await list(without(options, "startAfter"))).prefixes };
    },
  }),
  "a start at the prefix hides all below it": answering((page, { prefix, startAfter }) =>
    startAfter !== undefined && startAfter === prefix ? { objects: [], prefixes: [] } : page,
  ),
  "hidden keys are left out": kept((key) => !/(^|\/)\./.test(key)),
  "an object above others is left out": ({ list }) => ({
    async list(options) {
      const page = await list(options);
      const above = await Promise.all(
        page.objects.map(async ({ key }) => (await list({ prefix: `${key}/`, limit: 1 })).objects.length > 0),
      );
      return { ...page, objects: page.objects.filter((_, at) => !above[at]) };
    },
  }),
  "the object that is the prefix is left out": kept((key, { prefix }) => key !== prefix),
  "at most a hundred keys are listed": ({ list }) => {
    let seen = 0;
    return {
      async list(options) {
        if (!options.cursor) seen = 0;
        const page = await list(options);
        const objects = page.objects.slice(0, 100 - seen);
        seen += objects.length;
        return { ...page, objects };
      },
    };
  },
  "listed sizes are 0": answering((page) => ({ ...page, objects: page.objects.map((one) => ({ ...one, size: 0 })) })),
  "listed ETags are others": answering((page) => ({
    ...page,
    objects: page.objects.map((one) => ({ ...one, etag: '"listed"' })),
  })),
  "listed objects have no lastModified": answering((page) => ({
    ...page,
    objects: page.objects.map((one) => without(one, "lastModified")),
  })),
  "what was deleted is listed": ({ list, delete: remove, head }) => {
    const gone = new Map<string, NonNullable<Awaited<ReturnType<typeof head>>>>();
    return {
      async delete(key, call) {
        const info = await head(key, {});
        if (info) gone.set(key, info);
        return remove(key, call);
      },
      async list(options) {
        const page = await list(options);
        return {
          ...page,
          objects: [...page.objects, ...[...gone.values()].filter(({ key }) => key.startsWith(options.prefix))],
        };
      },
    };
  },
  "a prefix that nothing has is not-found": ({ list }) => ({
    async list(options) {
      const page = await list(options);
      if (page.objects.length + page.prefixes.length === 0 && options.prefix)
        throw new StorageError("not-found", "there is no such folder");
      return page;
    },
  }),
  "a folder stays when its last object is gone": ({ list, put }) => {
    const folders = new Set<string>();
    return {
      put: (key, source, options) => {
        if (key.includes("/")) folders.add(key.replace(/[^/]*$/, ""));
        return put(key, source, options);
      },
      async list(options) {
        const page = await list(options);
        if (!options.delimiter || page.cursor) return page;
        const below = [...folders]
          .filter((one) => one.startsWith(options.prefix) && one.length > options.prefix.length)
          .map((one) => one.slice(0, one.indexOf("/", options.prefix.length) + 1));
        return { ...page, prefixes: [...new Set([...page.prefixes, ...below])] };
      },
    };
  },
};
