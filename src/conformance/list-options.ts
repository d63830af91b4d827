/** Options of listings: pages, cursors, start and limits. */
import type { ListOptions, Page } from "../listing.ts";
import { ok, rejects, same } from "./assert.ts";
import type { Case } from "./case.ts";
import { fill, pages } from "./lists.ts";

const BAD_OPTIONS: Readonly<Record<string, unknown>> = {
  "a limit of 0": { limit: 0 },
  "a negative limit": { limit: -1 },
  "a limit that is no whole number": { limit: 1.5 },
  "a limit above 1000": { limit: 1001 },
  "a limit that is NaN": { limit: Number.NaN },
  "a limit that is text": { limit: "5" },
  "another delimiter": { delimiter: ":" },
  "a start outside the prefix": { prefix: "a/", startAfter: "b" },
  "a start that is no text": { startAfter: 5 },
};

/** The options of a listing that returns a cursor, and of another that must refuse it. */
const OTHERS: Readonly<Record<string, readonly [ListOptions, ListOptions]>> = {
  "another prefix": [{ prefix: "a/" }, { prefix: "b/" }],
  "a longer prefix": [{ prefix: "a" }, { prefix: "a/" }],
  "no prefix": [{ prefix: "a/" }, {}],
  "a delimiter": [{}, { delimiter: "/" }],
  "no delimiter": [{ delimiter: "/" }, {}],
  "text of one's own": [{}, { cursor: "YQ" }],
  "no text": [{}, { cursor: "" }],
};

/** Pages, cursors and options. */
export const listOptionCases: readonly Case[] = [
  {
    name: "list: a cursor goes on where the page ended",
    async run(context) {
      await fill(context, ["a", "b", "c", "d", "e"]);
      const first = (await context.driver.list({ prefix: context.prefix, limit: 2 }).pages().next()).value as Page;
      ok(first.cursor !== undefined, "the first page must have a cursor");
      const rest = [];
      for await (const entry of context.driver.list({ prefix: context.prefix, cursor: first.cursor, limit: 2 }))
        rest.push(entry.key);
      same(
        [...first.objects.map((object) => object.key), ...rest],
        ["a", "b", "c", "d", "e"].map((name) => context.prefix + name),
        "keys",
      );
    },
  },
  ...Object.entries(OTHERS).map(([what, [mine, other]]): Case => ({
    name: `list: a cursor is refused with ${what}`,
    async run(context) {
      const { driver, prefix } = context;
      await fill(context, ["a/1", "a/2", "a/3", "ab/1", "ab/2", "b/1", "b/2"]);
      const first = (
        await driver
          .list({ ...mine, prefix: prefix + (mine.prefix ?? ""), limit: 1 })
          .pages()
          .next()
      ).value as Page;
      ok(first.cursor !== undefined, "the first page must have a cursor");
      const page = (): Promise<unknown> =>
        driver
          .list({ ...other, prefix: prefix + (other.prefix ?? ""), cursor: other.cursor ?? first.cursor })
          .pages()
          .next();
      const { message } = await rejects("invalid-option", page, "page of another listing");
      ok(message.includes("cursor"), `the message must name it: ${message}`);
    },
  })),
  {
    name: "list: a cursor that was altered is refused",
    async run(context) {
      await fill(context, ["a", "b", "c"]);
      const { driver, prefix } = context;
      const { cursor } = (await driver.list({ prefix, limit: 1 }).pages().next()).value as Page;
      ok(cursor !== undefined, "the first page must have a cursor");
      const middle = cursor.length >> 1;
      const other = cursor[middle] === "A" ? "B" : "A";
      const altered = {
        shorter: cursor.slice(0, -1),
        longer: `${cursor}A`,
        "with another character": cursor.slice(0, middle) + other + cursor.slice(middle + 1),
        "in lower or upper case": cursor === cursor.toLowerCase() ? cursor.toUpperCase() : cursor.toLowerCase(),
      };
      for (const [how, text] of Object.entries(altered))
        await rejects("invalid-option", () => driver.list({ prefix, cursor: text }).pages().next(), `a cursor ${how}`);
    },
  },
  {
    name: "list: a cursor holds in a scope, and for another limit",
    async run(context) {
      await fill(context, ["a", "b", "c"]);
      const first = (await context.driver.list({ prefix: context.prefix, limit: 1 }).pages().next()).value as Page;
      const rest = [];
      for await (const { key } of context.driver.scoped(context.prefix).list({ cursor: first.cursor, limit: 2 }))
        rest.push(key);
      same(rest, ["b", "c"], "keys");
    },
  },
  {
    name: "list: a cursor holds when what it points at is deleted",
    async run(context) {
      await fill(context, ["a", "b", "c", "d", "e"]);
      const first = (await context.driver.list({ prefix: context.prefix, limit: 2 }).pages().next()).value as Page;
      ok(first.cursor !== undefined, "the first page must have a cursor");
      await context.driver.delete(["a", "b"].map((name) => context.prefix + name));
      const rest = [];
      for await (const entry of context.driver.list({ prefix: context.prefix, cursor: first.cursor }))
        rest.push(entry.key);
      same(
        rest,
        ["c", "d", "e"].map((name) => context.prefix + name),
        "keys after the deleted ones",
      );
    },
  },
  {
    name: "list: the last page has no cursor",
    async run(context) {
      await fill(context, ["a", "b"]);
      const all = await pages(context, { limit: 1000 });
      same([all.length, all[0]?.cursor], [1, undefined], "pages, cursor");
    },
  },
  {
    name: "list: nothing is asked before the first step, and it can be walked twice",
    async run(context) {
      const list = context.driver.list({ prefix: context.prefix });
      await fill(context, ["later"]);
      for (const round of ["first", "second"]) {
        const keys = [];
        for await (const entry of list) keys.push(entry.key);
        same(keys, [`${context.prefix}later`], `keys of the ${round} walk`);
      }
    },
  },
  ...Object.entries(BAD_OPTIONS).map(([name, options]): Case => ({
    name: `list: ${name} is an invalid option`,
    async run({ driver, prefix }) {
      await rejects(
        "invalid-option",
        () =>
          driver
            .list({ prefix, ...(options as ListOptions) })
            .pages()
            .next(),
        "first page",
      );
    },
  })),
  ...["../", "a/../b", "a/./", "\ud800", "x".repeat(1025)].map((bad): Case => ({
    name: `list: the prefix ${JSON.stringify(bad.slice(0, 8))} is an invalid key`,
    async run({ driver }) {
      await rejects("invalid-key", () => driver.list({ prefix: bad }).pages().next(), "first page");
    },
  })),
];
