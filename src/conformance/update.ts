/** The compare-and-swap loop. */
import type { ObjectStore } from "../interface.ts";
import { failure, ok, rejects, same, sameBytes } from "./assert.ts";
import { cut, iterate, noise, source, utf8 } from "./bytes.ts";
import type { Case } from "./case.ts";

async function textOf(store: ObjectStore, key: string): Promise<string> {
  return (await store.download(key)).text();
}

function increment(store: ObjectStore, key: string): Promise<unknown> {
  return store.update(key, async (current) => String(Number((await current?.text()) ?? 0) + 1), { attempts: 50 });
}

async function twentyAtATime(store: ObjectStore, key: string): Promise<void> {
  await Promise.all(Array.from({ length: 20 }, () => increment(store, key)));
  same(await textOf(store, key), "20", "the count");
}

/** One increment without other writers: shows a store whose conditions never hold, before a thousand attempts do. */
async function alone(store: ObjectStore, key: string, expected: string): Promise<void> {
  await store.update(key, () => expected, { attempts: 2 });
  same(await textOf(store, key), expected, "what one update alone stored");
}

/** One writer, many writers, and what the new version inherits. */
export const updateCases: readonly Case[] = [
  {
    name: "update: null is what an absent object is, and it is created",
    async run({ driver, prefix }) {
      const seen: unknown[] = [];
      const info = await driver.update(`${prefix}new`, (current) => (seen.push(current), "v1"));
      same(seen, [null], "what the function was given");
      same([info.key, info.size, await textOf(driver, `${prefix}new`)], [`${prefix}new`, 2, "v1"], "what was stored");
    },
  },
  {
    name: "update: the current object is given, and replaced",
    async run({ driver, prefix }) {
      const before = await driver.upload(`${prefix}n.json`, `{"n":1}`);
      const info = await driver.update(`${prefix}n.json`, async (current) => {
        same(current?.etag, before.etag, "etag of what the function was given");
        return JSON.stringify({ n: ((await current?.json<{ n: number }>())?.n ?? 0) + 1 });
      });
      ok(info.etag !== before.etag, "the new version must have another etag");
      same((await driver.head(`${prefix}n.json`))?.etag, info.etag, "etag afterwards");
      same(await textOf(driver, `${prefix}n.json`), `{"n":2}`, "what was stored");

      // Changed in place: a driver must not reuse the memory that it has returned.
      await driver.update(`${prefix}n.json`, async (current) => {
        const bytes = (await current?.bytes()) ?? new Uint8Array();
        bytes[5] = utf8("3")[0] ?? 0;
        return bytes;
      });
      same(await textOf(driver, `${prefix}n.json`), `{"n":3}`, "what was stored of the bytes that were given");
    },
  },
  {
    name: "update: twenty increments at a time of an object that is there give twenty",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}count`, "0");
      await alone(driver, `${prefix}count`, "0");
      await twentyAtATime(driver, `${prefix}count`);
    },
  },
  {
    name: "update: twenty increments at a time of an object that nobody made give twenty",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}other`, "0");
      await alone(driver, `${prefix}other`, "1");
      await twentyAtATime(driver, `${prefix}count`);
    },
  },
  {
    name: "update: a version that someone wrote meanwhile is read, not lost",
    async run({ driver, prefix }) {
      const key = `${prefix}log`;
      await driver.upload(key, "a");
      const seen: string[] = [];
      await driver.update(key, async (current) => {
        const text = (await current?.text()) ?? "";
        if (seen.push(text) === 1) await driver.upload(key, "ab");
        return `${text}c`;
      });
      same([seen, await textOf(driver, key)], [["a", "ab"], "abc"], "what was read and what is there");
    },
  },
  {
    name: "update: an object that is deleted meanwhile is null the next time",
    async run({ driver, prefix }) {
      const key = `${prefix}gone`;
      await driver.upload(key, "a");
      const seen: boolean[] = [];
      await driver.update(key, async (current) => {
        if (seen.push(current !== null) === 1) await driver.delete(key);
        return "b";
      });
      same([seen, await textOf(driver, key)], [[true, false], "b"], "what was seen and what is there");
    },
  },
  {
    name: "update: attempts bounds how often the function runs, then it is a conflict",
    async run({ driver, prefix }) {
      const key = `${prefix}busy`;
      let runs = 0;
      const error = await rejects(
        "conflict",
        () =>
          driver.update(
            key,
            async () => {
              await driver.upload(key, `other ${++runs}`);
              return "mine";
            },
            { attempts: 2 },
          ),
        "update",
      );
      ok(error.retryable, "it must be retryable");
      same([runs, await textOf(driver, key)], [2, "other 2"], "runs and what is there");
    },
  },
  {
    name: "update: what the function throws comes out as it is, and nothing changes",
    async run({ driver, prefix }) {
      const key = `${prefix}kept`;
      const { etag } = await driver.upload(key, "v1");
      const reason = new RangeError("no");
      const thrown = await failure(
        () =>
          driver.update(key, () => {
            throw reason;
          }),
        "update",
      );
      ok(thrown === reason, "the error must be the function's own");
      same((await driver.head(key))?.etag, etag, "etag afterwards");
    },
  },
  {
    name: "update: undefined leaves the object as it is",
    async run({ driver, prefix }) {
      const { etag } = await driver.upload(`${prefix}kept`, "v1");
      const info = await driver.update(`${prefix}kept`, () => undefined);
      same([info.etag, info.size], [etag, 2], "what it resolved with");
      same((await driver.head(`${prefix}kept`))?.etag, etag, "etag afterwards");
      await rejects("not-found", () => driver.update(`${prefix}none`, () => undefined), "update of an absent key");
      same(await driver.exists(`${prefix}none`), false, "exists");
    },
  },
  {
    name: "update: headers and metadata stay unless they are given",
    async run({ driver, prefix }) {
      const key = `${prefix}headers`;
      await driver.upload(key, "v1", {
        contentType: "text/x-kept",
        cacheControl: "no-store",
        contentLanguage: "de",
        metadata: { a: "1", b: "2" },
      });
      await driver.update(key, () => "v2");
      const kept = await driver.head(key);
      same(
        [kept?.contentType, kept?.cacheControl, kept?.contentLanguage, kept?.metadata],
        ["text/x-kept", "no-store", "de", { a: "1", b: "2" }],
        "after an update without options",
      );
      await driver.update(key, () => "v3", { contentType: "text/x-new", metadata: { c: "3" } });
      const given = await driver.head(key);
      same(
        [given?.contentType, given?.cacheControl, given?.metadata],
        ["text/x-new", "no-store", { c: "3" }],
        "after an update with options",
      );
      await driver.update(key, () => new Blob(["v4"], { type: "text/x-blob" }));
      same((await driver.head(key))?.contentType, "text/x-blob", "type after a Blob with a type");
    },
  },
  {
    name: "update: an encoding describes the bytes, so it goes with them",
    async run({ driver, prefix }) {
      const key = `${prefix}encoded`;
      const encoding = async (): Promise<string | undefined> => (await driver.head(key))?.contentEncoding;
      await driver.upload(key, "v1", { contentEncoding: "x-own" });
      await driver.update(key, (current) => current?.body, { metadata: { a: "1" } });
      same(await encoding(), "x-own", "contentEncoding with the body that was read");
      await driver.scoped(prefix).update("encoded", (current) => current?.body);
      same(await encoding(), "x-own", "contentEncoding in a scope");
      await driver.update(key, () => "v2");
      same(await encoding(), undefined, "contentEncoding");
    },
  },
  {
    name: "update: a stream made of the current object is stored whole, of any length",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}stream`;
      const bytes = noise(partSize + 1000);
      await driver.upload(key, bytes);
      await driver.update(key, (current) => {
        async function* pieces(): AsyncGenerator<Uint8Array> {
          const reader = current?.body.getReader();
          for (let read = await reader?.read(); read?.value; read = await reader?.read()) yield read.value;
        }
        return pieces();
      });
      const after = await driver.download(key);
      same(after.size, bytes.byteLength, "size");
      sameBytes(await after.bytes(), bytes, "bytes");
    },
  },
  {
    name: "update: a stream whose write is refused is let go, and asked for again",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}refused`;
      await driver.upload(key, "a");
      const given: ReturnType<typeof source>[] = [];
      await driver.update(key, async () => {
        if (given.length === 0) await driver.upload(key, "b");
        const made = source(cut(noise(partSize + 10), [64 * 1024]));
        given.push(made);
        return made.stream;
      });
      same(given.length, 2, "streams");
      same((await driver.head(key))?.size, partSize + 10, "size");
      for (const { over } of given) ok((await over) !== "failed", "each stream must be read or cancelled");
    },
  },
  {
    name: "update: a condition of the caller, and a number of attempts that makes no sense, are refused",
    async run({ driver, prefix }) {
      const key = `${prefix}options`;
      for (const options of [{ ifMatch: "*" }, { ifNoneMatch: "*" }, { attempts: 0 }, { attempts: 101 }])
        await rejects("invalid-option", () => driver.update(key, () => "x", options), JSON.stringify(options));
      same(await driver.exists(key), false, "exists");
    },
  },
  {
    name: "update: works below a scope",
    async run({ driver, prefix }) {
      const scope = driver.scoped(prefix);
      const info = await scope.update("in/scope", (current) => (current ? "wrong" : iterate([utf8("v1")])));
      same([info.key, await textOf(driver, `${prefix}in/scope`)], ["in/scope", "v1"], "key and what is there");
    },
  },
];
