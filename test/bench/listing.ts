/** What is measured in a folder: this package's verbs, and the same by hand. Each job runs in a process of its own. */
import { lstat, open, readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import fs from "../../drivers/fs.ts";

/** Does one thing with the objects in a folder, and gives their number; `at` is a cursor, or for work by hand a key. */
export type Job = (base: string, at: string) => Promise<number>;

/** Objects of a page, and keys of a batch. */
export const PAGE = 1000;
/** Calls at a time by hand, as many as the driver has. */
const LOOKS = 16;
const DELETES = 4;

/** The jobs by name: those that begin with `bare` are the floor of those without. */
export const JOBS: Readonly<Record<string, Job>> = {
  list: async (base) => {
    let count = 0;
    for await (const entry of fs({ base }).list()) count += entry.key === undefined ? 0 : 1;
    return count;
  },
  "bare list": async (base) => {
    let count = 0;
    for await (const page of bareWalk(base, "")) count += await looked(base, page);
    return count;
  },
  "readdir recursive": async (base) => (await readdir(base, { recursive: true })).length,

  page: async (base, cursor) => {
    const pages = fs({ base })
      .list(cursor === "" ? {} : { cursor })
      .pages();
    return (await pages.next()).value?.objects.length ?? 0;
  },
  "bare page": async (base, after) => {
    const { value } = await bareWalk(base, after).next();
    return looked(base, value ?? []);
  },
  "page by page": async (base) => {
    const store = fs({ base });
    let count = 0;
    for (let cursor: string | undefined; ;) {
      const { value } = await store
        .list(cursor === undefined ? {} : { cursor })
        .pages()
        .next();
      count += value?.objects.length ?? 0;
      cursor = value?.cursor;
      if (cursor === undefined) return count;
    }
  },

  delete: async (base) => {
    const store = fs({ base });
    const keys = await firstKeys(base);
    for (const key of keys) await store.delete(key);
    return keys.length;
  },
  "bare delete": async (base) => {
    const keys = await firstKeys(base);
    for (const key of keys) {
      await unlink(join(base, key));
      await flush(join(base, key, ".."));
    }
    return keys.length;
  },
  "delete many": async (base) => {
    const keys = await firstKeys(base);
    await fs({ base }).delete(keys);
    return keys.length;
  },
  "bare delete many": async (base) => {
    const keys = await firstKeys(base);
    await together(DELETES, keys, (key) => unlink(join(base, key)));
    for (const folder of new Set(keys.map((key) => join(base, key, "..")))) await flush(folder);
    return keys.length;
  },
  deletePrefix: (base) => fs({ base }).deletePrefix("d"),
  "bare deletePrefix": async (base) => {
    let count = 0;
    for await (const page of bareWalk(base, "")) {
      await together(DELETES, page, (key) => unlink(join(base, key)));
      count += page.length;
    }
    for (const folder of await readdir(base)) if (folder.startsWith("d")) await rmdir(join(base, folder));
    await flush(base);
    return count;
  },
};

/** The cursors of all pages. */
export async function cursorsOf(base: string): Promise<string[]> {
  const cursors: string[] = [];
  for await (const { cursor } of fs({ base }).list().pages()) if (cursor !== undefined) cursors.push(cursor);
  return cursors;
}

async function firstKeys(base: string): Promise<string[]> {
  return (await bareWalk(base, "").next()).value ?? [];
}

/** The files in one level of folders, page by page in order, with nothing looked at twice and nothing that could go wrong. */
async function* bareWalk(base: string, after: string): AsyncGenerator<string[], void, void> {
  const namesIn = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(base, folder), { withFileTypes: true });
    const names = entries.map((entry) => `${folder}${entry.name}${entry.isDirectory() ? "/" : ""}`);
    return names.filter((name) => name > after || after.startsWith(name)).sort();
  };
  let page: string[] = [];
  for (const name of await namesIn("")) {
    if (name.startsWith(".")) continue;
    for (const file of name.endsWith("/") ? await namesIn(name) : [name]) {
      if (file > after) page.push(file);
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
  }
  yield page;
}

async function looked(base: string, page: readonly string[]): Promise<number> {
  const sizes: bigint[] = [];
  await together(LOOKS, page, async (key) => void sizes.push((await lstat(join(base, key), { bigint: true })).size));
  return sizes.length;
}

async function together(
  count: number,
  keys: readonly string[],
  work: (key: string) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < keys.length) await work(keys[next++] as string);
  };
  await Promise.all(Array.from({ length: count }, lane));
}

async function flush(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
