/** Reading: the five methods, the body, the headers, absent keys and aborts. */
import { failure, ok, rejects, rejectsWith, same, sameBytes, soon } from "./assert.ts";
import { collect, noise, utf8 } from "./bytes.ts";
import type { Case } from "./case.ts";

const TEXT = "grüße, 世界";

/** Reads of whole objects, and verbs that read no bytes. */
export const downloadCases: readonly Case[] = [
  {
    name: "download: bytes, arrayBuffer, text, json and blob give the same object",
    async run({ driver, prefix }) {
      const key = `${prefix}readers.json`;
      const text = JSON.stringify({ hello: TEXT });
      await driver.upload(key, text);
      sameBytes(await (await driver.download(key)).bytes(), utf8(text), "bytes");
      const buffer = await (await driver.download(key)).arrayBuffer();
      ok(buffer instanceof ArrayBuffer, "arrayBuffer must be an ArrayBuffer");
      sameBytes(new Uint8Array(buffer), utf8(text), "arrayBuffer");
      same(await (await driver.download(key)).text(), text, "text");
      same(await (await driver.download(key)).json(), { hello: TEXT }, "json");
      const blob = await (await driver.download(key)).blob();
      // Bun adds a charset to the type of a Blob of text.
      same([await blob.text(), blob.type.split(";")[0]], [text, "application/json"], "blob");
      sameBytes(await collect((await driver.download(key)).body), utf8(text), "body");
    },
  },
  {
    name: "download: the object is described with its bytes",
    async run({ driver, prefix }) {
      const key = `${prefix}described.txt`;
      const before = Date.now();
      const info = await driver.upload(key, TEXT, { metadata: { a: "b" } });
      const read = await driver.download(key);
      same(
        [read.key, read.size, read.contentLength, read.etag],
        [key, utf8(TEXT).length, utf8(TEXT).length, info.etag],
        "description",
      );
      same(
        [read.contentType, read.metadata, read.range],
        ["text/plain", { a: "b" }, undefined],
        "type, metadata, range",
      );
      same(read.headers.get("content-length"), String(utf8(TEXT).length), "content-length");
      same(
        [read.headers.get("etag"), read.headers.get("content-range")],
        [info.etag, null],
        "etag and content-range headers",
      );
      same(read.headers.get("last-modified"), read.lastModified?.toUTCString(), "last-modified header");
      ok(
        Math.abs(Number(read.lastModified) - before) < 60_000,
        `lastModified must be about now, got ${String(read.lastModified)}`,
      );
      await read.text();
    },
  },
  {
    name: "download: the body can be read once",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}once`, TEXT);
      const read = await driver.download(`${prefix}once`);
      same(await read.text(), TEXT, "first read");
      await rejects("invalid-option", () => read.text(), "second read");
    },
  },
  {
    name: "download: an absent key is not-found",
    async run({ driver, prefix }) {
      await rejects("not-found", () => driver.download(`${prefix}absent`), "download");
    },
  },
  {
    name: "download: a key below or above an object is not-found",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}a/b`, TEXT);
      for (const key of [`${prefix}a`, `${prefix}a/`, `${prefix}a/b/c`, `${prefix}a/b/`, prefix]) {
        await rejects("not-found", () => driver.download(key), `download of ${key}`);
        same(await driver.head(key), null, `head of ${key}`);
        same(await driver.exists(key), false, `exists of ${key}`);
      }
    },
  },
  {
    name: "download: a body that is cancelled leaves the store in order",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}cancelled`;
      const bytes = noise(partSize + 1, 5);
      await driver.upload(key, bytes);
      for (let round = 0; round < 5; round++) {
        const reader = (await driver.download(key)).body.getReader();
        ok(!(await reader.read()).done, "there must be bytes to read");
        await soon(reader.cancel(), "cancel");
      }
      await soon((await driver.download(key)).body.cancel(), "cancel of a body that nobody read");
      sameBytes(await (await driver.download(key)).bytes(), bytes, "read after cancelled reads");
    },
  },
  {
    name: "download: a reader sees one version while the object is replaced",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}replaced`;
      const [old, next] = [noise(2 * partSize, 1), noise(2 * partSize + 9, 2)];
      await driver.upload(key, old);
      const read = await driver.download(key);
      // Some stores lock an object that is being read, so the writer may have to wait for the reader.
      const replaced = driver.upload(key, next);
      await Promise.race([replaced, new Promise((resolve) => setTimeout(resolve, 200))]);
      const seen = await read.bytes().catch((error: unknown) => error);
      if (seen instanceof Uint8Array) sameBytes(seen, old, "the version that was opened");
      await replaced;
      sameBytes(await (await driver.download(key)).bytes(), next, "the new version");
    },
  },
  {
    name: "download: twelve at a time",
    async run({ driver, prefix }) {
      const key = `${prefix}shared`;
      const bytes = noise(70_000, 4);
      await driver.upload(key, bytes);
      const all = await Promise.all(Array.from({ length: 12 }, async () => (await driver.download(key)).bytes()));
      for (const [at, read] of all.entries()) sameBytes(read, bytes, `reader ${at}`);
    },
  },
  {
    name: "download: parallel changes nothing in what comes, whole, within a range and empty",
    async run({ driver, prefix, partSize }) {
      const bytes = noise(2 * partSize + 1, 7);
      await driver.upload(`${prefix}large`, bytes);
      const whole = await driver.download(`${prefix}large`, { parallel: 3 });
      same([whole.size, whole.contentLength, whole.range], [bytes.length, bytes.length, undefined], "description");
      sameBytes(await whole.bytes(), bytes, "whole");
      const range = { start: 5, end: partSize + 9 };
      const part = await driver.download(`${prefix}large`, { parallel: 2, range });
      same([part.size, part.range], [bytes.length, range], "description of a range");
      sameBytes(await part.bytes(), bytes.subarray(range.start, range.end + 1), "range");
      const last = await driver.download(`${prefix}large`, { parallel: 2, range: { suffix: partSize + 2 } });
      sameBytes(await last.bytes(), bytes.subarray(-partSize - 2), "suffix");
      await driver.upload(`${prefix}empty`, "");
      const empty = await driver.download(`${prefix}empty`, { parallel: 2 });
      same([empty.size, (await empty.bytes()).length], [0, 0], "empty");
    },
  },
  {
    name: "download: the body of one object is the source of another upload",
    async run({ driver, prefix }) {
      const bytes = noise(150_001, 6);
      await driver.upload(`${prefix}from`, bytes);
      await driver.upload(`${prefix}to`, (await driver.download(`${prefix}from`)).body);
      sameBytes(await (await driver.download(`${prefix}to`)).bytes(), bytes, "bytes");
    },
  },
  {
    name: "abort: a download that is under way",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}long`;
      // Larger than a store returns in one piece, so that there is a rest to abort.
      await driver.upload(key, noise(Math.max(2 * partSize, 4 * 1024 * 1024)));
      const control = new AbortController();
      const reason = new Error("the user left");
      const { body } = await driver.download(key, { signal: control.signal });
      const reader = body.getReader();
      await reader.read();
      control.abort(reason);
      await rejectsWith(reason, () => soon(drain(reader), "rest of the body"), "rest of the body");
    },
  },
  {
    name: "exists: true for an object, false for an absent key",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}here`, TEXT);
      same(await driver.exists(`${prefix}here`), true, "an object");
      same(await driver.exists(`${prefix}her`), false, "a key that is part of another");
    },
  },
  {
    name: "head: an absent key is null",
    async run({ driver, prefix }) {
      same(await driver.head(`${prefix}absent`), null, "head");
    },
  },
  {
    name: "head: says what download says",
    async run({ driver, prefix }) {
      const key = `${prefix}both.svg`;
      await driver.upload(key, TEXT, { metadata: { x: "y" }, cacheControl: "max-age=60" });
      const head = await driver.head(key);
      // In a later millisecond, so that a date made up at the time of the call shows.
      await new Promise((resolve) => setTimeout(resolve, 2));
      const read = await driver.download(key);
      const pick = (info: typeof head) =>
        info && [
          info.key,
          info.size,
          info.etag,
          info.contentType,
          info.metadata,
          info.cacheControl,
          info.url,
          info.location,
          info.lastModified,
        ];
      same(pick(head), pick(read), "head against download");
      await read.body.cancel();
    },
  },
];

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return total;
    total += value.byteLength;
  }
}

const ABORTED = new Error("aborted before");

/** Every verb with a signal that is aborted before the call. */
export const abortCases: readonly Case[] = [
  {
    name: "abort: every verb rejects with the reason of a signal that was aborted before",
    async run({ driver, prefix }) {
      const key = `${prefix}x`;
      await driver.upload(key, TEXT);
      const options = { signal: AbortSignal.abort(ABORTED) };
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        upload: () => driver.upload(key, "new", options),
        download: () => driver.download(key, options),
        delete: () => driver.delete(key, options),
        "delete of many": () => driver.delete([key], options),
        exists: () => driver.exists(key, options),
        presign: () => driver.presign(key, options),
        head: () => driver.head(key, options),
        copy: () => driver.copy(key, `${prefix}y`, options),
        move: () => driver.move(key, `${prefix}y`, options),
        deletePrefix: () => driver.deletePrefix(prefix, options),
        createMultipartUpload: () => driver.createMultipartUpload(key, options),
        list: () =>
          driver
            .list({ prefix, ...options })
            .pages()
            .next(),
      };
      for (const [verb, call] of Object.entries(calls)) await rejectsWith(ABORTED, call, verb);
      same(await (await driver.download(key)).text(), TEXT, "the object afterwards");
      same(await driver.exists(`${prefix}y`), false, "the target of copy and move");
    },
  },
  {
    name: "abort: a listing between two pages",
    async run({ driver, prefix }) {
      for (const name of ["a", "b", "c"]) await driver.upload(prefix + name, name);
      const control = new AbortController();
      const pages = driver.list({ prefix, limit: 1, signal: control.signal }).pages();
      ok(!(await pages.next()).done, "there must be a first page");
      control.abort(ABORTED);
      await rejectsWith(ABORTED, () => pages.next(), "second page");
    },
  },
  {
    name: "abort: a call that ended before does not mind",
    async run({ driver, prefix }) {
      const control = new AbortController();
      await driver.upload(`${prefix}done`, TEXT, { signal: control.signal });
      const read = await (await driver.download(`${prefix}done`, { signal: control.signal })).text();
      control.abort(ABORTED);
      same([read, await driver.exists(`${prefix}done`)], [TEXT, true], "what was stored");
      same(
        (await failure(() => driver.head(`${prefix}done`, { signal: control.signal }), "head")) === ABORTED,
        true,
        "a later call rejects",
      );
    },
  },
];
