/** The key-value verbs: items, raw items and their metadata. */
import { ok, rejects, same, sameBytes } from "./assert.ts";
import { BODIES } from "./bodies.ts";
import { collect, utf8 } from "./bytes.ts";
import type { Case } from "./case.ts";

/** A key-value key below the prefix. */
export function kvKey(prefix: string, name: string): string {
  return prefix.replaceAll("/", ":") + name;
}

/** Verbs on single items. */
export const kvCases: readonly Case[] = [
  ...Object.entries(BODIES).map(([name, make]): Case => ({
    name: `kv: setItemRaw takes ${name}`,
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "raw");
      const [body, expected] = make();
      await driver.setItemRaw(key, body);
      const read = await driver.getItemRaw(key);
      ok(read instanceof Uint8Array, "getItemRaw must give bytes");
      sameBytes(read, expected, "bytes");
    },
  })),
  {
    name: "kv: an item is the object of the same path",
    async run({ driver, prefix }) {
      await driver.setItem(kvKey(prefix, "a:b.json"), '{"x":1}');
      const read = await driver.download(`${prefix}a/b.json`);
      same([await read.text(), read.contentType], ['{"x":1}', "application/json"], "the object");
      await driver.upload(`${prefix}c/d`, "by upload");
      same(await driver.getItem(kvKey(prefix, "c:d")), "by upload", "the item");
      await driver.removeItem(kvKey(prefix, "c:d"));
      same(await driver.exists(`${prefix}c/d`), false, "exists after removeItem");
    },
  },
  {
    name: "kv: text comes back as it was, whatever it looks like",
    async run({ driver, prefix }) {
      for (const text of ["", "naïve ✓ 😀", "null", "123", "\ufeffwith mark", "a\0b\r\n"]) {
        await driver.setItem(kvKey(prefix, "text"), text);
        const read = await driver.getItemRaw(kvKey(prefix, "text"));
        ok(read instanceof Uint8Array, "getItemRaw must give bytes");
        sameBytes(read, utf8(text), JSON.stringify(text));
      }
      await driver.setItem(kvKey(prefix, "text"), "naïve ✓ 😀");
      same(await driver.getItem(kvKey(prefix, "text")), "naïve ✓ 😀", "getItem");
    },
  },
  {
    name: "kv: what is absent is null or false",
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "absent");
      same(
        [
          await driver.getItem(key),
          await driver.getItemRaw(key),
          await driver.getItemRaw(key, { type: "stream" }),
          await driver.getMeta(key),
        ],
        [null, null, null, null],
        "getItem, getItemRaw, as a stream, getMeta",
      );
      same(await driver.hasItem(key), false, "hasItem");
      await driver.removeItem(key);
    },
  },
  {
    name: "kv: hasItem is exact",
    async run({ driver, prefix }) {
      await driver.setItem(kvKey(prefix, "a:b"), "x");
      const seen = await Promise.all(["a:b", "a", "a:b:c"].map((name) => driver.hasItem(kvKey(prefix, name))));
      same(seen, [true, false, false], "a:b, a, a:b:c");
    },
  },
  {
    name: "kv: an item and one below it are both there",
    async run({ driver, prefix }) {
      await driver.setItem(kvKey(prefix, "foo"), "1");
      await driver.setItem(kvKey(prefix, "foo:bar"), "2");
      same(
        [await driver.getItem(kvKey(prefix, "foo")), await driver.getItem(kvKey(prefix, "foo:bar"))],
        ["1", "2"],
        "both",
      );
      await driver.removeItem(kvKey(prefix, "foo"));
      same(
        [await driver.hasItem(kvKey(prefix, "foo")), await driver.getItem(kvKey(prefix, "foo:bar"))],
        [false, "2"],
        "after removeItem of the upper",
      );
    },
  },
  {
    name: "kv: getItemRaw gives a stream when asked",
    async run({ driver, prefix }) {
      await driver.setItemRaw(kvKey(prefix, "streamed"), new Uint8Array([1, 2, 3]));
      const read = await driver.getItemRaw(kvKey(prefix, "streamed"), { type: "stream" });
      ok(read instanceof ReadableStream, "it must be a ReadableStream");
      sameBytes(await collect(read), new Uint8Array([1, 2, 3]), "bytes");
    },
  },
  {
    name: "kv: setItemRaw takes type, metadata and conditions as options",
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "options");
      await driver.setItemRaw(key, "x", {
        contentType: "text/x-kv",
        metadata: { Who: "me" },
        cacheControl: "no-store",
        ifNoneMatch: "*",
      });
      const head = await driver.head(`${prefix}options`);
      same(
        [head?.contentType, head?.metadata, head?.cacheControl],
        ["text/x-kv", { who: "me" }, "no-store"],
        "what head gives",
      );
      await rejects("precondition-failed", () => driver.setItemRaw(key, "y", { ifNoneMatch: "*" }), "a second create");
      same(await driver.getItem(key), "x", "item");
    },
  },
  {
    name: "kv: options that mean nothing here are tolerated",
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "tolerant");
      await driver.setItem(key, "x", { ttl: 5, driver: "x", unknown: true });
      same(await driver.getItem(key, { type: "text", other: 1 }), "x", "item");
      // Old callers of unstorage pass a boolean, which it passes on.
      await driver.removeItem(key, true as unknown as Record<string, unknown>);
      same(await driver.hasItem(key), false, "hasItem");
    },
  },
  {
    name: "kv: getMeta gives size, mtime, etag, type and metadata",
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "meta.css");
      const before = Date.now();
      await driver.setItemRaw(key, "12345", { metadata: { a: "1" } });
      const meta = await driver.getMeta(key);
      same([meta?.size, meta?.contentType, meta?.metadata], [5, "text/css", { a: "1" }], "size, type, metadata");
      same(meta?.etag, (await driver.head(`${prefix}meta.css`))?.etag, "etag");
      ok(
        meta?.mtime instanceof Date && Math.abs(meta.mtime.getTime() - before) < 60_000,
        "mtime must be a Date of about now",
      );
    },
  },
  {
    name: "kv: a meta item is an item of its own",
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "item");
      await driver.setItem(key, "value");
      await driver.setItem(`${key}$`, '{"note":"x"}');
      same(
        [await driver.getItem(key), await driver.getItem(`${key}$`)],
        ["value", '{"note":"x"}'],
        "item and meta item",
      );
      await driver.removeItem(`${key}$`);
      same(
        [await driver.getItem(key), await driver.getItem(`${key}$`)],
        ["value", null],
        "after the meta item was removed",
      );
    },
  },
  {
    name: "kv: a dot segment is refused by every verb",
    async run({ driver, prefix }) {
      for (const name of ["..", "a:..:b", "a:.:b", "."]) {
        const key = kvKey(prefix, name);
        await rejects("invalid-key", () => driver.getItem(key), `getItem of ${name}`);
        await rejects("invalid-key", () => driver.getItemRaw(key), `getItemRaw of ${name}`);
        await rejects("invalid-key", () => driver.setItem(key, "x"), `setItem of ${name}`);
        await rejects("invalid-key", () => driver.setItemRaw(key, "x"), `setItemRaw of ${name}`);
        await rejects("invalid-key", () => driver.hasItem(key), `hasItem of ${name}`);
        await rejects("invalid-key", () => driver.removeItem(key), `removeItem of ${name}`);
        await rejects("invalid-key", () => driver.getMeta(key), `getMeta of ${name}`);
      }
    },
  },
];
