/** Content types, content headers and user metadata. */
import type { ObjectHeaders } from "../backend.ts";
import type { UploadBody, UploadOptions } from "../interface.ts";
import { ok, rejects, same, sameBytes } from "./assert.ts";
import { cut, noise, source } from "./bytes.ts";
import type { Case } from "./case.ts";

/** Key, body and options, with the expected content type. */
const TYPES: Readonly<Record<string, readonly [string, () => UploadBody, UploadOptions, string]>> = {
  "the option": ["a.png", () => "x", { contentType: "text/x-mine" }, "text/x-mine"],
  "the option before the Blob's": [
    "a.png",
    () => new Blob(["x"], { type: "image/gif" }),
    { contentType: "text/x-mine" },
    "text/x-mine",
  ],
  "the Blob's before the key's": ["a.png", () => new Blob(["x"], { type: "image/gif" }), {}, "image/gif"],
  "the File's": ["a", () => new File(["x"], "b.txt", { type: "image/webp" }), {}, "image/webp"],
  "the Response's": ["a", () => new Response("x", { headers: { "content-type": "image/avif" } }), {}, "image/avif"],
  "the key's when the Blob has none": ["a.png", () => new Blob(["x"]), {}, "image/png"],
  "the key's, for a stream": ["a.pdf", () => source(cut(noise(9), [4])).stream, {}, "application/pdf"],
  "the key's, in upper case": ["A.JPG", () => "x", {}, "image/jpeg"],
  "the key's, by its last extension": ["a.png.css", () => "x", {}, "text/css"],
  "the default for an unknown extension": ["a.unknown-ext", () => "x", {}, "application/octet-stream"],
  "the default without extension": ["a", () => "x", {}, "application/octet-stream"],
  "the default for a dot in a folder's name": ["v1.png/a", () => "x", {}, "application/octet-stream"],
  "a parameter is kept": ["a", () => "x", { contentType: "text/plain; charset=utf-8" }, "text/plain; charset=utf-8"],
};

const HEADERS: Readonly<Record<string, ObjectHeaders>> = {
  contentEncoding: { contentEncoding: "br" },
  contentLanguage: { contentLanguage: "de-CH, en" },
  contentDisposition: { contentDisposition: "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9.txt" },
  cacheControl: { cacheControl: "public, max-age=31536000, immutable" },
  contentType: { contentType: 'multipart/mixed; boundary="a b"' },
};

const BAD_HEADERS: Readonly<Record<string, string>> = {
  "a line break": "a\r\nx-injected: 1",
  "a NUL": "a\0b",
  "text that is not ASCII": "é",
  "no text": "",
  "spaces at its ends": " a ",
};

const METADATA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "plain names and values": { a: "1", "some-name": "some value", x_y: "2" },
  "text that is not ASCII": { city: "Zürich", mix: "naïve 世界 😀" },
  "what looks encoded already": { a: "=?UTF-8?B?w6k=?=", b: "=?utf-8?q?a?=", c: "%C3%A9", d: "a=b" },
  "inner spaces and commas": { a: "two  spaces", b: "a, b, c", c: '"quoted" \\ back' },
  "an empty value": { empty: "", full: "x" },
  __proto__: JSON.parse('{"__proto__":"x","a":"1"}') as Record<string, string>,
  "constructor, toString and hasOwnProperty": { constructor: "a", tostring: "b", hasownproperty: "c" },
  "many names": Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`n${at}`, `v${at}`])),
  "nearly two kilobytes": { big: "v".repeat(1850) },
};

const BAD_METADATA: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "a name with a space": { "a b": "x" },
  "an empty name": { "": "x" },
  "a name with a colon": { "a:b": "x" },
  "a name that is not ASCII": { é: "x" },
  "a name with a line break": { "a\r\nb": "x" },
  "a value with a line break": { a: "x\r\ny: z" },
  "a value with a NUL": { a: "x\0" },
  "a value with a tab": { a: "x\ty" },
  "a value that is a number": { a: 5 },
  "a name twice in different case": { a: "1", A: "2" },
  "over two kilobytes": { a: "v".repeat(2048) },
  "over two kilobytes of two-byte characters": { a: "é".repeat(1024) },
  "over two kilobytes in names": Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`${"n".repeat(20)}${at}`, ""]),
  ),
};

/** Everything that is stored with the bytes. */
export const metadataCases: readonly Case[] = [
  {
    name: "contentEncoding: bytes that are stored compressed come back as they are stored",
    async run({ driver, prefix }) {
      const packed = new Response(new Blob([noise(5000)]).stream().pipeThrough(new CompressionStream("gzip")));
      const bytes = new Uint8Array(await packed.arrayBuffer());
      await driver.upload(`${prefix}a.bin`, bytes, { contentEncoding: "gzip" });
      const read = await driver.download(`${prefix}a.bin`);
      same([read.contentEncoding, read.size, read.contentLength], ["gzip", bytes.length, bytes.length], "what is said");
      sameBytes(await read.bytes(), bytes, "bytes");
    },
  },
  ...Object.entries(TYPES).map(([name, [key, body, options, expected]]): Case => ({
    name: `type: ${name}`,
    async run({ driver, prefix }) {
      same((await driver.upload(prefix + key, body(), options)).contentType, expected, "type that upload gives");
      same((await driver.head(prefix + key))?.contentType, expected, "type that head gives");
      const read = await driver.download(prefix + key);
      await read.body.cancel();
      same([read.contentType, read.headers.get("content-type")], [expected, expected], "type that download gives");
    },
  })),
  ...Object.entries(HEADERS).map(([name, headers]): Case => ({
    name: `header: ${name} comes back, alone`,
    async run({ driver, prefix }) {
      // Not read as text: the encoding is only declared, and a runtime might try to decode it.
      await driver.upload(`${prefix}headed`, "x", headers);
      const info = await driver.head(`${prefix}headed`);
      const stored = Object.fromEntries(Object.keys(HEADERS).map((key) => [key, info?.[key as keyof ObjectHeaders]]));
      same(stored, { contentType: "application/octet-stream", ...headers }, "headers that head gives");
    },
  })),
  ...Object.entries(BAD_HEADERS).map(([name, value]): Case => ({
    name: `header: ${name} is refused in all five`,
    async run({ driver, prefix }) {
      for (const header of Object.keys(HEADERS)) {
        await rejects("invalid-option", () => driver.upload(`${prefix}bad`, "x", { [header]: value }), header);
      }
      same(await driver.exists(`${prefix}bad`), false, "exists");
    },
  })),
  ...Object.entries(METADATA).map(([name, metadata]): Case => ({
    name: `metadata: ${name}`,
    async run({ driver, prefix }) {
      same((await driver.upload(`${prefix}meta`, "x", { metadata })).metadata, metadata, "metadata that upload gives");
      const head = await driver.head(`${prefix}meta`);
      same(head?.metadata, metadata, "metadata that head gives");
      const read = await driver.download(`${prefix}meta`);
      same([read.metadata, await read.text()], [metadata, "x"], "metadata and text that download gives");
    },
  })),
  ...Object.entries(BAD_METADATA).map(([name, metadata]): Case => ({
    name: `metadata: ${name} is refused`,
    async run({ driver, prefix }) {
      await rejects(
        "invalid-option",
        () => driver.upload(`${prefix}bad`, "x", { metadata: metadata as Record<string, string> }),
        "upload",
      );
      same(await driver.exists(`${prefix}bad`), false, "exists");
    },
  })),
  {
    name: "metadata: names are lower-cased",
    async run({ driver, prefix }) {
      const info = await driver.upload(`${prefix}upper`, "x", { metadata: { "User-Id": "A1" } });
      same(
        [info.metadata, (await driver.head(`${prefix}upper`))?.metadata],
        [{ "user-id": "A1" }, { "user-id": "A1" }],
        "metadata",
      );
    },
  },
  {
    name: "metadata: a plain object, in which nothing of the store's own shows",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}none`, "x", { ifNoneMatch: "*" });
      const head = await driver.head(`${prefix}none`);
      same(head?.metadata, {}, "metadata");
      ok(
        Object.getPrototypeOf(head?.metadata) === Object.prototype,
        "it must be a plain object, which is all that RPC of Workers and pages of React take",
      );
    },
  },
  {
    name: "metadata: of an upload of several parts",
    async run({ driver, prefix, partSize }) {
      const metadata = { a: "1", city: "Zürich" };
      const info = await driver.upload(`${prefix}large`, source(cut(noise(partSize + 1), [65_536])).stream, {
        metadata,
        cacheControl: "no-cache",
      });
      same(info.metadata, metadata, "metadata that upload gives");
      const head = await driver.head(`${prefix}large`);
      same([head?.metadata, head?.cacheControl], [metadata, "no-cache"], "metadata and cacheControl that head gives");
    },
  },
  {
    name: "metadata: what a caller does to it later does not reach the object",
    async run({ driver, prefix }) {
      const metadata: Record<string, string> = { a: "1" };
      await driver.upload(`${prefix}mine`, "x", { metadata });
      metadata["a"] = "changed";
      const head = await driver.head(`${prefix}mine`);
      if (head && !Object.isFrozen(head.metadata)) (head.metadata as Record<string, string>)["a"] = "changed";
      same((await driver.head(`${prefix}mine`))?.metadata, { a: "1" }, "metadata");
    },
  },
];
