/** Copying and moving inside the store. */
import type { Driver } from "../driver.ts";
import { headersOf } from "../options.ts";
import { rejects, same, sameBytes } from "./assert.ts";
import { noise, OTHER } from "./bytes.ts";
import type { Case } from "./case.ts";

const HEADERS = {
  contentType: "text/x-kept",
  contentEncoding: "identity",
  contentLanguage: "de-CH",
  contentDisposition: 'attachment; filename="a b.txt"',
  cacheControl: "private, max-age=5",
  metadata: { owner: "zoë", step: "1" },
};

type Three = [string, string, string];

async function textOf(driver: Driver, key: string): Promise<string> {
  return (await driver.download(key)).text();
}

/** Checks that a copy fails by the condition of the target only, and that the error says so. */
async function createsOnly(verb: Driver["copy"], from: string, kept: string): Promise<void> {
  const error = await rejects("precondition-failed", () => verb(from, kept, { ifNoneMatch: "*" }), "what is there");
  same(error.key, kept, "key of the error");
}

/** Copies and moves; shared rules are tested for both. */
export const copyCases: readonly Case[] = [
  ...(["copy", "move"] as const).flatMap((verb): readonly Case[] => [
    {
      name: `${verb}: takes bytes, headers and metadata along`,
      async run({ driver, prefix }) {
        const bytes = noise(5000, 9);
        await driver.upload(`${prefix}from.png`, bytes, HEADERS);
        const info = await driver[verb](`${prefix}from.png`, `${prefix}to/here.gif`);
        same([info.key, info.size], [`${prefix}to/here.gif`, 5000], "key and size that it gives");
        const read = await driver.download(`${prefix}to/here.gif`);
        sameBytes(await read.bytes(), bytes, "bytes");
        same(headersOf(read), HEADERS, "headers");
        same(read.etag, info.etag, "etag that it gives");
        same(await driver.exists(`${prefix}from.png`), verb === "copy", "whether the source is still there");
      },
    },
    {
      name: `${verb}: replaces the target with its headers and metadata`,
      async run({ driver, prefix }) {
        await driver.upload(`${prefix}from`, "new");
        await driver.upload(`${prefix}to`, "old and longer", HEADERS);
        await driver[verb](`${prefix}from`, `${prefix}to`);
        const read = await driver.download(`${prefix}to`);
        same(
          [await read.text(), read.contentType, read.metadata, read.cacheControl],
          ["new", "application/octet-stream", {}, undefined],
          "target",
        );
      },
    },
    {
      name: `${verb}: an absent source is not-found and leaves the target`,
      async run({ driver, prefix }) {
        await driver.upload(`${prefix}to`, "kept");
        await rejects("not-found", () => driver[verb](`${prefix}absent`, `${prefix}to`), verb);
        await rejects("not-found", () => driver[verb](`${prefix}absent`, `${prefix}new`), verb);
        same(
          [await (await driver.download(`${prefix}to`)).text(), await driver.exists(`${prefix}new`)],
          ["kept", false],
          "targets",
        );
      },
    },
    {
      name: `${verb}: an empty object`,
      async run({ driver, prefix }) {
        await driver.upload(`${prefix}empty`, "");
        same((await driver[verb](`${prefix}empty`, `${prefix}to`)).size, 0, "size");
        same((await driver.head(`${prefix}to`))?.size, 0, "size that head gives");
      },
    },
    {
      name: `${verb}: an object of several parts`,
      async run({ driver, prefix, partSize }) {
        const bytes = noise(partSize + 1, 10);
        await driver.upload(`${prefix}large`, bytes, { metadata: { a: "b" } });
        await driver[verb](`${prefix}large`, `${prefix}to`);
        const read = await driver.download(`${prefix}to`);
        sameBytes(await read.bytes(), bytes, "bytes");
        same(read.metadata, { a: "b" }, "metadata");
      },
    },
    {
      name: `${verb}: with ifMatch only that version`,
      async run({ driver, prefix }) {
        const { etag } = await driver.upload(`${prefix}from`, "v1");
        await rejects(
          "precondition-failed",
          () => driver[verb](`${prefix}from`, `${prefix}to`, { ifMatch: OTHER }),
          "a wrong ifMatch",
        );
        same(
          [await driver.exists(`${prefix}from`), await driver.exists(`${prefix}to`)],
          [true, false],
          "source and target",
        );
        await driver[verb](`${prefix}from`, `${prefix}to`, { ifMatch: etag });
        same(await (await driver.download(`${prefix}to`)).text(), "v1", "text of the target");
        await driver[verb](`${prefix}to`, `${prefix}last`, { ifMatch: "*" });
        same(await (await driver.download(`${prefix}last`)).text(), "v1", "text of the target with ifMatch *");
      },
    },
    {
      name: `${verb}: with ifNoneMatch * only creates`,
      async run({ driver, prefix }) {
        for (const text of ["", "new"]) {
          const [from, kept, to] = ["from", "kept", "to"].map((name) => `${prefix}${name}${text}`) as Three;
          const { etag } = await driver.upload(from, text, HEADERS);
          await driver.upload(kept, "kept");
          await createsOnly(driver[verb], from, kept);
          same([await textOf(driver, from), await textOf(driver, kept)], [text, "kept"], "source and target");
          const made = await driver[verb](from, to, { ifNoneMatch: "*", ifMatch: etag });
          const read = await driver.download(to);
          same(made.etag, read.etag, "etag that it gives");
          same(headersOf(read), HEADERS, "headers");
          same([await read.text(), await driver.exists(from)], [text, verb === "copy"], "target and source");
        }
        const options = { ifNoneMatch: OTHER as "*" };
        for (const to of ["x", "kept"])
          await rejects(
            "invalid-option",
            () => driver[verb](`${prefix}from`, prefix + to, options),
            "another ifNoneMatch",
          );
      },
    },
    {
      name: `${verb}: with ifNoneMatch * only creates, of several parts`,
      async run({ driver, prefix, partSize }) {
        const [from, kept, to] = ["from", "kept", "to"].map((name) => prefix + name) as Three;
        const bytes = noise(partSize + 1, 11);
        await driver.upload(from, bytes, { metadata: { a: "b" } });
        await driver.upload(kept, "kept");
        await createsOnly(driver[verb], from, kept);
        same([await driver.exists(from), await textOf(driver, kept)], [true, "kept"], "source and target");
        await driver[verb](from, to, { ifNoneMatch: "*" });
        const read = await driver.download(to);
        sameBytes(await read.bytes(), bytes, "bytes");
        same(read.metadata, { a: "b" }, "metadata");
      },
    },
  ]),
  {
    name: "copy: both objects live their own lives",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}from`, "v1");
      await driver.copy(`${prefix}from`, `${prefix}to`);
      await driver.upload(`${prefix}from`, "v2");
      same(await (await driver.download(`${prefix}to`)).text(), "v1", "copy after the source was replaced");
      await driver.delete(`${prefix}from`);
      same(await (await driver.download(`${prefix}to`)).text(), "v1", "copy after the source was deleted");
    },
  },
  {
    name: "copy: of ten at a time with ifNoneMatch * one wins",
    async run({ driver, prefix }) {
      const sources = Array.from({ length: 10 }, (_, at) => `${prefix}from${at}`);
      await Promise.all(sources.map((key) => driver.upload(key, key)));
      const to = `${prefix}to`;
      const all = await Promise.allSettled(sources.map((from) => driver.copy(from, to, { ifNoneMatch: "*" })));
      const winners = sources.filter((_, at) => all[at]?.status === "fulfilled");
      same(winners, [await textOf(driver, to)], "what was copied, by who was told so");
    },
  },
  {
    name: "copy: onto itself never harms the object",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}self`, "v1", { metadata: { a: "b" } });
      await driver.copy(`${prefix}self`, `${prefix}self`).catch(() => {});
      const read = await driver.download(`${prefix}self`);
      same([await read.text(), read.metadata], ["v1", { a: "b" }], "text and metadata");
    },
  },
  {
    name: "move: onto itself is refused and keeps the object",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}self`, "v1");
      await rejects("invalid-option", () => driver.move(`${prefix}self`, `${prefix}self`), "move");
      same(await (await driver.download(`${prefix}self`)).text(), "v1", "text");
    },
  },
];
