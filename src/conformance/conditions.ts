/** Conditional reads and writes. */
import type { DownloadOptions, UploadOptions } from "../interface.ts";
import { ok, rejects, same } from "./assert.ts";
import { cut, noise, OTHER, source } from "./bytes.ts";
import type { Case } from "./case.ts";

const MALFORMED: Readonly<Record<string, UploadOptions>> = {
  "ifMatch without quotes": { ifMatch: "abc" },
  "an empty ifMatch": { ifMatch: "" },
  "ifMatch with a line break": { ifMatch: '"a\r\nx: y"' },
  "ifNoneMatch that is not *": { ifNoneMatch: OTHER as "*" },
  "both conditions": { ifMatch: OTHER, ifNoneMatch: "*" },
};

/** Writes. */
const writes: readonly Case[] = [
  {
    name: "condition: ifNoneMatch * creates a new object",
    async run({ driver, prefix }) {
      const info = await driver.upload(`${prefix}new`, "v1", { ifNoneMatch: "*" });
      same([info.size, await (await driver.download(`${prefix}new`)).text()], [2, "v1"], "what was stored");
    },
  },
  {
    name: "condition: ifNoneMatch * keeps an existing object",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}kept`, "v1");
      await rejects("precondition-failed", () => driver.upload(`${prefix}kept`, "v2", { ifNoneMatch: "*" }), "upload");
      same(await (await driver.download(`${prefix}kept`)).text(), "v1", "what is there");
    },
  },
  {
    name: "condition: ifNoneMatch * creates again after a delete",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}again`, "v1", { ifNoneMatch: "*" });
      await driver.delete(`${prefix}again`);
      await driver.upload(`${prefix}again`, "v2", { ifNoneMatch: "*" });
      same(await (await driver.download(`${prefix}again`)).text(), "v2", "what is there");
    },
  },
  {
    name: "condition: of ten at a time with ifNoneMatch * one wins",
    async run({ driver, prefix }) {
      const key = `${prefix}race`;
      const all = await Promise.allSettled(
        Array.from({ length: 10 }, (_, at) => driver.upload(key, `v${at}`, { ifNoneMatch: "*" })),
      );
      const winners = all.flatMap((result, at) => (result.status === "fulfilled" ? [`v${at}`] : []));
      same(winners.length, 1, "number of uploads that resolved");
      same(await (await driver.download(key)).text(), winners[0], "what is there");
    },
  },
  {
    name: "condition: the right ifMatch replaces",
    async run({ driver, prefix }) {
      const { etag } = await driver.upload(`${prefix}match`, "v1");
      const second = await driver.upload(`${prefix}match`, "v2", { ifMatch: etag });
      ok(second.etag !== etag, "the new version must have another etag");
      same(await (await driver.download(`${prefix}match`)).text(), "v2", "what is there");
      await rejects(
        "precondition-failed",
        () => driver.upload(`${prefix}match`, "v3", { ifMatch: etag }),
        "upload with the old etag",
      );
      same(await (await driver.download(`${prefix}match`)).text(), "v2", "what is there");
    },
  },
  {
    name: "condition: a wrong ifMatch keeps the object",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}other`, "v1");
      await rejects("precondition-failed", () => driver.upload(`${prefix}other`, "v2", { ifMatch: OTHER }), "upload");
      same(await (await driver.download(`${prefix}other`)).text(), "v1", "what is there");
    },
  },
  {
    name: "condition: ifMatch on an absent key creates nothing",
    async run({ driver, prefix }) {
      await rejects("precondition-failed", () => driver.upload(`${prefix}absent`, "v1", { ifMatch: OTHER }), "upload");
      same(await driver.exists(`${prefix}absent`), false, "exists");
    },
  },
  {
    name: "condition: ifMatch * replaces what is there and creates nothing",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}any`, "v1");
      await driver.upload(`${prefix}any`, "v2", { ifMatch: "*" });
      same(await (await driver.download(`${prefix}any`)).text(), "v2", "what is there");
      await rejects("precondition-failed", () => driver.upload(`${prefix}absent`, "v1", { ifMatch: "*" }), "upload");
      same(await driver.exists(`${prefix}absent`), false, "exists");
    },
  },
  {
    name: "condition: of six at a time with one ifMatch one wins",
    async run({ driver, prefix }) {
      const key = `${prefix}swap`;
      const { etag } = await driver.upload(key, "v0");
      const all = await Promise.allSettled(
        Array.from({ length: 6 }, (_, at) => driver.upload(key, `w${at}`, { ifMatch: etag })),
      );
      const winners = all.flatMap((result, at) => (result.status === "fulfilled" ? [`w${at}`] : []));
      same(winners.length, 1, "number of uploads that resolved");
      same(await (await driver.download(key)).text(), winners[0], "what is there");
    },
  },
  {
    name: "condition: holds for an upload of several parts",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}large`;
      const stream = (): ReadableStream<Uint8Array> => source(cut(noise(partSize + 1), [65_536])).stream;
      const { etag } = await driver.upload(key, stream(), { ifNoneMatch: "*" });
      await rejects(
        "precondition-failed",
        () => driver.upload(key, stream(), { ifNoneMatch: "*" }),
        "create over an object",
      );
      await rejects(
        "precondition-failed",
        () => driver.upload(key, stream(), { ifMatch: OTHER }),
        "replace another version",
      );
      same((await driver.head(key))?.etag, etag, "etag");
      await driver.upload(key, stream(), { ifMatch: etag });
    },
  },
  ...Object.entries(MALFORMED).map(([name, options]): Case => ({
    name: `condition: ${name} is an invalid option`,
    async run({ driver, prefix }) {
      await rejects("invalid-option", () => driver.upload(`${prefix}malformed`, "x", options), "upload");
      same(await driver.exists(`${prefix}malformed`), false, "exists");
    },
  })),
];

/** The outcome of `download` with a condition on the object's own ETag, or on another one. */
const READS: Readonly<
  Record<string, readonly [(etag: string) => DownloadOptions, "not-modified" | "precondition-failed" | null]>
> = {
  "the right ifMatch": [(etag) => ({ ifMatch: etag }), null],
  "ifMatch *": [() => ({ ifMatch: "*" }), null],
  "a wrong ifMatch": [() => ({ ifMatch: OTHER }), "precondition-failed"],
  "a matching ifNoneMatch": [(etag) => ({ ifNoneMatch: etag }), "not-modified"],
  "ifNoneMatch *": [() => ({ ifNoneMatch: "*" }), "not-modified"],
  "another ifNoneMatch": [() => ({ ifNoneMatch: OTHER }), null],
  "both, and both let it through": [(etag) => ({ ifMatch: etag, ifNoneMatch: OTHER }), null],
};

const reads: readonly Case[] = [
  ...Object.entries(READS).map(([name, [options, code]]): Case => ({
    name: `condition: download with ${name} ${code ? `is ${code}` : "reads"}`,
    async run({ driver, prefix }) {
      const key = `${prefix}read`;
      const { etag } = await driver.upload(key, "bytes");
      if (code) await rejects(code, () => driver.download(key, options(etag)), "download");
      else same(await (await driver.download(key, options(etag))).text(), "bytes", "text");
    },
  })),
  {
    name: "condition: download of an absent key is not-found, whatever the condition",
    async run({ driver, prefix }) {
      await rejects(
        "not-found",
        () => driver.download(`${prefix}absent`, { ifNoneMatch: OTHER }),
        "download with ifNoneMatch",
      );
    },
  },
  {
    name: "condition: an ETag without quotes is an invalid option of download",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}quoted`, "x");
      await rejects("invalid-option", () => driver.download(`${prefix}quoted`, { ifMatch: "abc" }), "ifMatch");
      await rejects("invalid-option", () => driver.download(`${prefix}quoted`, { ifNoneMatch: "abc" }), "ifNoneMatch");
    },
  },
  {
    name: "condition: the etag is the same in upload, head, download and list",
    async run({ driver, prefix, partSize }) {
      for (const [name, size] of [
        ["small", 10],
        ["large", partSize + 1],
      ] as const) {
        const { etag } = await driver.upload(prefix + name, noise(size));
        same((await driver.head(prefix + name))?.etag, etag, `head of the ${name} object`);
        const read = await driver.download(prefix + name);
        await read.body.cancel();
        same(read.etag, etag, `download of the ${name} object`);
        for await (const entry of driver.list({ prefix: prefix + name })) {
          if (entry.key !== undefined) same(entry.etag, etag, `list of the ${name} object`);
        }
      }
    },
  },
];

/** Reads and writes. */
export const conditionCases: readonly Case[] = [...writes, ...reads];
