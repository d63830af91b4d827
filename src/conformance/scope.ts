/** The verbs below a prefix, which no key can leave. */
import { failure, ok, rejects, same } from "./assert.ts";
import type { Case } from "./case.ts";
import { StorageError } from "../error.ts";

/** Scopes. */
export const scopeCases: readonly Case[] = [
  {
    name: "scoped: keys in and out are relative",
    async run({ driver, prefix }) {
      const store = driver.scoped(`${prefix}in/`);
      same((await store.upload("a/b.txt", "x", { metadata: { k: "v" } })).key, "a/b.txt", "key that upload gives");
      same((await store.head("a/b.txt"))?.key, "a/b.txt", "key that head gives");
      const read = await store.download("a/b.txt");
      same(
        [read.key, await read.text(), read.contentType, read.metadata],
        ["a/b.txt", "x", "text/plain", { k: "v" }],
        "what download gives",
      );
      same(await driver.exists(`${prefix}in/a/b.txt`), true, "the full key in the store itself");
      same((await store.copy("a/b.txt", "c")).key, "c", "key that copy gives");
      same((await store.move("c", "d")).key, "d", "key that move gives");
      same(
        [await store.exists("c"), await store.exists("d"), await driver.exists(`${prefix}d`)],
        [false, true, false],
        "exists",
      );
      await store.delete(["d", "a/b.txt"]);
      same(await driver.exists(`${prefix}in/d`), false, "exists after delete");
    },
  },
  {
    name: "scoped: a listing shows what is inside, relative, page by page",
    async run({ driver, prefix }) {
      for (const name of ["in/a", "in/b/1", "in/b/2", "in/c", "inside", "out"])
        await driver.upload(prefix + name, name);
      const store = driver.scoped(`${prefix}in/`);
      const keys = [];
      for await (const entry of store.list({ limit: 2 })) keys.push(entry.key);
      same(keys, ["a", "b/1", "b/2", "c"], "keys");
      const [objects, prefixes]: [string[], string[]] = [[], []];
      for await (const page of store.list({ delimiter: "/", limit: 1 }).pages()) {
        objects.push(...page.objects.map((object) => object.key));
        prefixes.push(...page.prefixes);
      }
      same([objects, prefixes], [["a", "c"], ["b/"]], "objects and prefixes");
      const below = [];
      for await (const entry of store.list({ prefix: "b/" })) below.push(entry.key);
      same(below, ["b/1", "b/2"], "keys below a prefix");
    },
  },
  {
    name: "scoped: no key and no prefix leads out",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}out`, "outside");
      await driver.upload(`${prefix}in/x`, "inside");
      const store = driver.scoped(`${prefix}in/`);
      for (const key of ["../out", "..", ".", "a/../../out", ""]) {
        await rejects("invalid-key", () => store.download(key), `download of ${key}`);
        await rejects("invalid-key", () => store.upload(key, "x"), `upload to ${key}`);
        await rejects("invalid-key", () => store.delete(key), `delete of ${key}`);
        await rejects("invalid-key", () => store.delete([key]), `delete of many with ${key}`);
        await rejects("invalid-key", () => store.copy(key, "y"), `copy from ${key}`);
        await rejects("invalid-key", () => store.copy("x", key), `copy to ${key}`);
        await rejects("invalid-key", () => store.presign(key), `presign of ${key}`);
      }
      await rejects("invalid-key", () => store.list({ prefix: "../" }).pages().next(), "list");
      await rejects("invalid-key", () => store.deletePrefix("../"), "deletePrefix");
      same(await (await driver.download(`${prefix}out`)).text(), "outside", "what is outside");
    },
  },
  {
    name: "scoped: deletePrefix stays inside",
    async run({ driver, prefix }) {
      for (const name of ["in/a/1", "in/a/2", "in/b", "a/1"]) await driver.upload(prefix + name, name);
      const store = driver.scoped(`${prefix}in/`);
      same(await store.deletePrefix("a/"), 2, "number of deleted keys");
      await rejects("invalid-option", () => store.deletePrefix(""), "deletePrefix of everything");
      same([await driver.exists(`${prefix}in/b`), await driver.exists(`${prefix}a/1`)], [true, true], "what stays");
    },
  },
  {
    name: "scoped: scopes nest",
    async run({ driver, prefix }) {
      const store = driver.scoped(prefix).scoped("a/").scoped("b-");
      same((await store.upload("c", "x")).key, "c", "key that upload gives");
      same(await driver.exists(`${prefix}a/b-c`), true, "exists");
      const keys = [];
      for await (const entry of store.list()) keys.push(entry.key);
      same(keys, ["c"], "keys");
    },
  },
  {
    name: "scoped: conditions, ranges and absence are those of the store",
    async run({ driver, prefix }) {
      const store = driver.scoped(`${prefix}in/`);
      const { etag } = await store.upload("x", "0123456789", { ifNoneMatch: "*" });
      await rejects("precondition-failed", () => store.upload("x", "y", { ifNoneMatch: "*" }), "upload");
      await rejects("not-modified", () => store.download("x", { ifNoneMatch: etag }), "download");
      same(await (await store.download("x", { range: { start: 2, end: 4 } })).text(), "234", "range");
      await rejects("not-found", () => store.download("absent"), "download");
      same([await store.head("absent"), await store.exists("absent")], [null, false], "head and exists");
    },
  },
  {
    name: "scoped: an invalid prefix is refused",
    async run({ driver }) {
      for (const prefix of ["", "../", "a/../b/", "\ud800"]) {
        const error = await failure(async () => driver.scoped(prefix).head("x"), `scoped(${JSON.stringify(prefix)})`);
        ok(StorageError.is(error), `it must be a StorageError, got ${String(error)}`);
        same(error.code, prefix === "" ? "invalid-option" : "invalid-key", "code");
      }
    },
  },
  {
    name: "scoped: the key limit counts the prefix",
    async run({ driver, prefix }) {
      const store = driver.scoped(prefix);
      await rejects("invalid-key", () => store.upload("x".repeat(1025 - prefix.length), "x"), "upload");
    },
  },
];
