/** Deleting one key, many, and a prefix. */
import type { Key } from "../backend.ts";
import { hasCode } from "../error.ts";
import { failure, ok, rejects, same } from "./assert.ts";
import { OTHER } from "./bytes.ts";
import type { Case, Context } from "./case.ts";
import { fill } from "./lists.ts";

async function names({ driver, prefix }: Context): Promise<readonly string[]> {
  const found = [];
  for await (const entry of driver.list({ prefix })) found.push((entry.key ?? "").slice(prefix.length));
  return found;
}

/** Deletes. */
export const removalCases: readonly Case[] = [
  {
    name: "delete: removes the object and nothing else",
    async run(context) {
      await fill(context, ["a", "ab", "b/a"]);
      same(await context.driver.delete(`${context.prefix}a`), undefined, "what delete gives");
      same(await names(context), ["ab", "b/a"], "keys that stay");
      await rejects("not-found", () => context.driver.download(`${context.prefix}a`), "download of the deleted one");
    },
  },
  {
    name: "delete: an absent key is success, also twice",
    async run({ driver, prefix }) {
      await driver.delete(`${prefix}absent`);
      await driver.upload(`${prefix}x`, "x");
      await driver.delete(`${prefix}x`);
      await driver.delete(`${prefix}x`);
      same(await driver.exists(`${prefix}x`), false, "exists");
    },
  },
  {
    name: "delete: a key above or below an object leaves it",
    async run(context) {
      await fill(context, ["a/b"]);
      for (const name of ["a", "a/", "a/b/", "a/b/c"]) await context.driver.delete(context.prefix + name);
      same(await names(context), ["a/b"], "keys");
    },
  },
  {
    name: "delete: sixty keys at once, one of them absent",
    async run(context) {
      const all = Array.from({ length: 60 }, (_, at) => `many/${at}`);
      await fill(context, [...all, "stays"]);
      await context.driver.delete([...all, "absent"].map((name) => context.prefix + name));
      same(await names(context), ["stays"], "keys");
    },
  },
  {
    name: "delete: the same key several times in one call",
    async run(context) {
      await fill(context, ["a", "b"]);
      await context.driver.delete(["a", "a", "a"].map((name) => context.prefix + name));
      same(await names(context), ["b"], "keys");
    },
  },
  {
    name: "delete: no keys is success",
    async run(context) {
      await fill(context, ["a"]);
      await context.driver.delete([]);
      same(await names(context), ["a"], "keys");
    },
  },
  {
    name: "delete: many keys with characters that XML cannot carry or must escape",
    async run(context) {
      const all = ["a&b", "a<b>", "a\"'b", "a\rb", "a\u0001b", "a\nb", "é", "a+b %20"];
      await fill(context, [...all, "ab"]);
      await context.driver.delete(all.map((name) => context.prefix + name));
      same(await names(context), ["ab"], "keys");
    },
  },
  {
    name: "delete: with ifMatch that version alone, or none; an absent key is success",
    async run({ driver, prefix }) {
      const key = `${prefix}one`;
      const { etag } = await driver.upload(key, "x");
      await rejects("precondition-failed", () => driver.delete(key, { ifMatch: OTHER }), "a wrong ifMatch");
      same(await driver.exists(key), true, "exists after a wrong ifMatch");
      const refused: unknown = await driver.delete(key, { ifMatch: etag }).catch((error: unknown) => error);
      if (refused !== undefined) ok(hasCode(refused, "unsupported"), `the right ifMatch rejected ${String(refused)}`);
      same(await driver.exists(key), refused !== undefined, "exists after the right ifMatch");
      await driver.delete(key);
      for (const ifMatch of [etag, "*"]) await driver.delete(key, { ifMatch });
    },
  },
  {
    name: "delete: the backend holds ifMatch when it deletes, or rejects unsupported",
    async run({ driver, prefix }) {
      const key = `${prefix}held`;
      const { etag } = await driver.upload(key, "old");
      const backend = await driver.getInstance();
      // As if another object were written between the check of the core and the delete.
      await driver.upload(key, "newer");
      const error = await failure(() => backend.delete(key as Key, { ifMatch: etag }), "delete of the version before");
      ok(hasCode(error, "precondition-failed") || hasCode(error, "unsupported"), `it rejected ${String(error)}`);
      same(await (await driver.download(key)).text(), "newer", "text that stays");
    },
  },
  {
    name: "delete: does not take a deleted object's type along to the next",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}again`, "1", { contentType: "text/css", metadata: { old: "yes" } });
      await driver.delete(`${prefix}again`);
      await driver.upload(`${prefix}again`, "2");
      const head = await driver.head(`${prefix}again`);
      same([head?.contentType, head?.metadata], ["application/octet-stream", {}], "type and metadata");
    },
  },
  {
    name: "deletePrefix: deletes what starts with the prefix, exactly, and counts it",
    async run(context) {
      await fill(context, ["foo/a", "foo/b/c", "foobar", "foobaz/x", "fo", "g"]);
      same(await context.driver.deletePrefix(`${context.prefix}foo/`), 2, "number of deleted keys");
      same(await names(context), ["fo", "foobar", "foobaz/x", "g"], "keys that stay");
    },
  },
  {
    name: "deletePrefix: an object and what lies below it",
    async run(context) {
      const all = ["a", "a/b", "a/b/c", "a/b/c/d"];
      await fill(context, all);
      same(await context.driver.deletePrefix(`${context.prefix}a`), 4, "number of deleted keys");
      for (const name of all) same(await context.driver.exists(context.prefix + name), false, `exists of ${name}`);
    },
  },
  {
    name: "deletePrefix: a prefix within a segment",
    async run(context) {
      await fill(context, ["log-1", "log-2/x", "logo", "lo"]);
      same(await context.driver.deletePrefix(`${context.prefix}log-`), 2, "number of deleted keys");
      same(await names(context), ["lo", "logo"], "keys that stay");
    },
  },
  {
    name: "deletePrefix: a prefix that nothing has deletes nothing",
    async run(context) {
      await fill(context, ["a"]);
      same(await context.driver.deletePrefix(`${context.prefix}b`), 0, "number of deleted keys");
      same(await names(context), ["a"], "keys");
    },
  },
  {
    name: "deletePrefix: an empty prefix is refused",
    async run(context) {
      await fill(context, ["a"]);
      await rejects("invalid-option", () => context.driver.deletePrefix(""), "deletePrefix");
      await rejects(
        "invalid-key",
        () => context.driver.deletePrefix(`${context.prefix}../`),
        "deletePrefix with a dot-dot segment",
      );
      same(await names(context), ["a"], "keys");
    },
  },
];
