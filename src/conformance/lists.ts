/** Listings: their entries and order. */
import type { ListOptions, Page } from "../listing.ts";
import { ok, same } from "./assert.ts";
import type { Case, Context } from "./case.ts";

/** Names in UTF-8 byte order; in UTF-16 order the last two would be swapped. */
const ORDERED = ["A", "Z", "a", "a b", "a-b", "a.b", "a0", "b/1", "b/2", "b0", "c-/x", "c/x", "ä", "\uff5e", "😀"];

/** Stores an object for each name. */
export async function fill({ driver, prefix }: Context, names: readonly string[]): Promise<void> {
  // One after another: SeaweedFS does not list an object that it stores while it makes a folder of the same name.
  for (const name of names) await driver.upload(prefix + name, name);
}

/** All pages, each checked against the limit. */
export async function pages({ driver, prefix }: Context, options: ListOptions): Promise<readonly Page[]> {
  const all: Page[] = [];
  for await (const page of driver.list({ ...options, prefix: prefix + (options.prefix ?? "") }).pages()) {
    const count = page.objects.length + page.prefixes.length;
    ok(count <= (options.limit ?? 1000), `a page of at most ${options.limit} has ${count} entries`);
    all.push(page);
    ok(all.length < 100, "the listing does not end");
  }
  return all;
}

/** Names below the prefix: of objects, and of prefixes. */
async function names(
  context: Context,
  options: ListOptions = {},
): Promise<readonly [readonly string[], readonly string[]]> {
  const all = await pages(context, options);
  const short = (key: string): string => key.slice(context.prefix.length);
  return [
    all.flatMap((page) => page.objects.map((object) => short(object.key))),
    all.flatMap((page) => page.prefixes.map(short)),
  ];
}

const TREE = ["dir/a", "dir/b", "dir/sub/c", "dir.txt", "dirty", "other/d", "root", "roots"];

/** Prefix and delimiter in {@link TREE}, with the expected objects and prefixes. */
const VIEWS: Readonly<Record<string, readonly [ListOptions, readonly string[], readonly string[]]>> = {
  "everything without options": [
    {},
    ["dir.txt", "dir/a", "dir/b", "dir/sub/c", "dirty", "other/d", "root", "roots"],
    [],
  ],
  "a prefix that ends in a slash": [{ prefix: "dir/" }, ["dir/a", "dir/b", "dir/sub/c"], []],
  "a prefix within a segment": [{ prefix: "dir" }, ["dir.txt", "dir/a", "dir/b", "dir/sub/c", "dirty"], []],
  "a prefix within a deeper segment": [{ prefix: "dir/s" }, ["dir/sub/c"], []],
  "a prefix that is a whole key": [{ prefix: "dirty" }, ["dirty"], []],
  "a prefix that is a key, and the beginning of another": [{ prefix: "root" }, ["root", "roots"], []],
  "a prefix that nothing has": [{ prefix: "nothing/" }, [], []],
  "a delimiter at the top": [{ delimiter: "/" }, ["dir.txt", "dirty", "root", "roots"], ["dir/", "other/"]],
  "a delimiter below a prefix": [{ prefix: "dir/", delimiter: "/" }, ["dir/a", "dir/b"], ["dir/sub/"]],
  "a delimiter and a prefix without slash": [{ prefix: "dir", delimiter: "/" }, ["dir.txt", "dirty"], ["dir/"]],
  "a delimiter and a prefix within a segment": [{ prefix: "o", delimiter: "/" }, [], ["other/"]],
  "a delimiter below a prefix that nothing has": [{ prefix: "nothing/", delimiter: "/" }, [], []],
};

/** Start of a listing of {@link TREE}, with the expected objects and prefixes. */
const STARTS: Readonly<Record<string, readonly [ListOptions, readonly string[], readonly string[]]>> = {
  "a key": [{ startAfter: "dir/b" }, ["dir/sub/c", "dirty", "other/d", "root", "roots"], []],
  "a name that is not there": [
    { startAfter: "dir/aa" },
    ["dir/b", "dir/sub/c", "dirty", "other/d", "root", "roots"],
    [],
  ],
  "a key below a prefix": [{ prefix: "dir/", startAfter: "dir/a" }, ["dir/b", "dir/sub/c"], []],
  "the prefix itself": [{ prefix: "root", startAfter: "root" }, ["roots"], []],
  "a key before a group": [{ delimiter: "/", startAfter: "dir.txt" }, ["dirty", "root", "roots"], ["dir/", "other/"]],
  "a key behind a group": [{ delimiter: "/", startAfter: "dirty" }, ["root", "roots"], ["other/"]],
  "a key within a group": [{ delimiter: "/", startAfter: "dir/b" }, ["dirty", "root", "roots"], ["other/"]],
  "a group": [{ delimiter: "/", startAfter: "dir/" }, ["dirty", "root", "roots"], ["other/"]],
  "the last key": [{ startAfter: "roots" }, [], []],
};

/** Entries of listings and their order. */
export const listCases: readonly Case[] = [
  ...Object.entries(VIEWS).flatMap(([name, [options, objects, prefixes]]) =>
    [undefined, 1, 2].map((limit): Case => ({
      name: `list: ${name}${limit ? `, ${limit} to a page` : ""}`,
      async run(context) {
        await fill(context, TREE);
        const found = await names(context, limit ? { ...options, limit } : options);
        // Sorted here, since the order is a case of its own, which not every server passes.
        same([found[0].toSorted(), found[1].toSorted()], [objects, prefixes], "objects and prefixes");
      },
    })),
  ),
  ...Object.entries(STARTS).map(([name, [{ startAfter, ...options }, objects, prefixes]]): Case => ({
    name: `list: what comes after ${name}`,
    async run(context) {
      await fill(context, TREE);
      const after = context.prefix + startAfter;
      for (const limit of [undefined, 1, 3]) {
        const found = await names(context, { ...options, startAfter: after, ...(limit && { limit }) });
        same(
          [found[0].toSorted(), found[1].toSorted()],
          [objects, prefixes],
          `objects and prefixes, ${limit} to a page`,
        );
      }
    },
  })),
  {
    name: "list: keys come in UTF-8 byte order",
    async run(context) {
      await fill(context, ORDERED.toReversed());
      same((await names(context))[0], ORDERED, "keys in one page");
      same((await names(context, { limit: 4 }))[0], ORDERED, "keys in pages of four");
    },
  },
  {
    name: "list: a prefix finds what is hidden or has a dot",
    async run(context) {
      await fill(context, [".env", ".git/config", "..x", "plain"]);
      same((await names(context, { prefix: "." }))[0], ["..x", ".env", ".git/config"], "keys that start with a dot");
      same((await names(context, { prefix: ".." }))[0], ["..x"], "keys that start with two dots");
    },
  },
  {
    name: "list: an object is described",
    async run({ driver, prefix }) {
      const info = await driver.upload(`${prefix}described`, "12345");
      const head = await driver.head(`${prefix}described`);
      let seen = 0;
      for await (const entry of driver.list({ prefix })) {
        ok(entry.key !== undefined, "there is only an object");
        same([entry.key, entry.size, entry.etag], [info.key, 5, info.etag], "key, size and etag");
        // Listings and HEAD differ in fractions of a second on some stores.
        const apart = Math.abs((entry.lastModified?.getTime() ?? 0) - (head?.lastModified?.getTime() ?? 1e15));
        ok(apart < 1000, "lastModified must be that of head");
        seen++;
      }
      same(seen, 1, "number of entries");
    },
  },
  {
    name: "list: iterating gives objects and prefixes as entries",
    async run(context) {
      await fill(context, TREE);
      const found = [];
      for await (const entry of context.driver.list({ prefix: context.prefix, delimiter: "/", limit: 2 }))
        found.push(entry.key ?? entry.prefix);
      same(
        found.sort(),
        ["dir.txt", "dir/", "dirty", "other/", "root", "roots"].map((name) => context.prefix + name),
        "entries",
      );
    },
  },
  {
    name: "list: an object and what lies below it",
    async run(context) {
      await fill(context, ["a", "a/b", "a/b/c"]);
      same((await names(context))[0], ["a", "a/b", "a/b/c"], "all keys");
      same((await names(context, { prefix: "a/" }))[0], ["a/b", "a/b/c"], "keys below");
      same(await names(context, { delimiter: "/" }), [["a"], ["a/"]], "object and prefix of one name");
    },
  },
  {
    name: "list: what was overwritten appears once, what was deleted not at all",
    async run(context) {
      await fill(context, ["a", "b", "c"]);
      await fill(context, ["b"]);
      await context.driver.delete(`${context.prefix}c`);
      same((await names(context))[0], ["a", "b"], "keys");
    },
  },
  {
    name: "list: a prefix whose last object was deleted is gone",
    async run(context) {
      await fill(context, ["dir/only", "x"]);
      await context.driver.delete(`${context.prefix}dir/only`);
      same(await names(context, { delimiter: "/" }), [["x"], []], "objects and prefixes");
    },
  },
];
