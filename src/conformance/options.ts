/** Unknown options and null: refused by name, never ignored. */
import type { ObjectStore } from "../interface.ts";
import { ok, rejects, same } from "./assert.ts";
import type { Case } from "./case.ts";

type Call = (store: ObjectStore, key: string, options: object | undefined) => Promise<unknown>;

/** Each verb with a mistyped option. */
const VERBS: Readonly<Record<string, readonly [typingError: string, Call]>> = {
  upload: ["contenttype", (store, key, options) => store.upload(key, "x", options)],
  download: ["rnage", (store, key, options) => store.download(key, options)],
  delete: ["Signal", (store, key, options) => store.delete(key, options)],
  exists: ["timeout", (store, key, options) => store.exists(key, options)],
  head: ["ifmatch", (store, key, options) => store.head(key, options)],
  presign: ["expires", (store, key, options) => store.presign(key, options)],
  list: [
    "max",
    (store, key, options) =>
      store
        .list(options && { ...options, prefix: key })
        .pages()
        .next(),
  ],
  copy: ["IfMatch", (store, key, options) => store.copy(key, `${key}-2`, options)],
  move: ["ifmatch", (store, key, options) => store.move(key, `${key}-2`, options)],
  deletePrefix: ["limits", (store, key, options) => store.deletePrefix(key, options)],
  listUploads: ["max", (store, _key, options) => store.listUploads(options)[Symbol.asyncIterator]().next()],
  sweepUploads: ["older", (store, _key, options) => store.sweepUploads(options)],
  update: ["retries", (store, key, options) => store.update(key, () => undefined, options)],
  createMultipartUpload: ["meta", (store, key, options) => store.createMultipartUpload(key, options)],
};

/** Each verb with an option of another verb: ignoring a condition could do harm. */
const OTHERS: readonly (readonly [verb: string, options: Readonly<Record<string, unknown>>])[] = [
  ["upload", { range: { start: 0 } }],
  ["upload", { limit: 1 }],
  ["download", { size: 1 }],
  ["delete", { size: 1 }],
  ["delete", { ifNoneMatch: "*" }],
  ["exists", { ifMatch: '"another"' }],
  ["head", { range: { start: 0 } }],
  ["list", { olderThan: 1 }],
  ["copy", { parallel: 2 }],
  ["copy", { metadata: { a: "b" } }],
  ["move", { size: 1 }],
  ["move", { contentType: "a/b" }],
  ["deletePrefix", { limit: 1 }],
  ["presign", { method: "PUT", size: 5 }],
  ["presign", { range: { start: 0 } }],
  ["sweepUploads", { limit: 1 }],
  ["update", { partSize: 5_242_880 }],
];

const NULL = null as unknown as undefined;

/** Unknown options and null. */
export const optionCases: readonly Case[] = [
  ...Object.entries(VERBS).map(([verb, [name, call]]): Case => ({
    name: `option: ${verb} refuses one that it does not have, by name, and null`,
    async run({ driver, prefix }) {
      const key = `${prefix}k`;
      await driver.upload(key, "x");
      const refused = async (options: object | undefined, named: string): Promise<void> => {
        const { message } = await rejects("invalid-option", () => call(driver, key, options), verb);
        ok(message.includes(named), `the message must name ${named}: ${message}`);
      };
      await refused({ [name]: 5 }, name);
      await refused({ signal: null }, "signal");
      // A spread of null beside the prefix would hide it.
      if (verb !== "list") await refused(NULL, "options");
      same([await driver.exists(key), await driver.exists(`${key}-2`)], [true, false], "nothing was done");
    },
  })),
  ...OTHERS.map(([verb, options]): Case => {
    const name = Object.keys(options).at(-1) ?? "";
    return {
      name: `option: ${verb} refuses ${name}, which other verbs have`,
      async run({ driver, prefix }) {
        const key = `${prefix}k`;
        const call = VERBS[verb]?.[1];
        if (!call) throw new Error(`${verb} has no call`);
        const { etag } = await driver.upload(key, "x");
        const { message } = await rejects("invalid-option", () => call(driver, key, options), verb);
        ok(message.includes(name), `the message must name ${name}: ${message}`);
        same([(await driver.head(key))?.etag, await driver.exists(`${key}-2`)], [etag, false], "nothing was done");
      },
    };
  }),
  {
    name: "option: a scope takes null for no prefix as little as its store does",
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}k`, "x");
      for (const store of [driver, driver.scoped(prefix)]) {
        for (const options of [NULL, { prefix: NULL }, { prefix, cursor: NULL }])
          await rejects("invalid-option", () => store.list(options).pages().next(), "list");
        await rejects("invalid-option", () => store.sweepUploads(NULL), "sweepUploads");
      }
      same(await driver.exists(`${prefix}k`), true, "nothing was done");
    },
  },
  {
    name: "option: the verbs of a multipart upload refuse one that they do not have",
    needs: ["multipart"],
    async run({ driver, prefix }) {
      const upload = await driver.createMultipartUpload(`${prefix}k`);
      const bad = { sginal: 5 } as object;
      await rejects("invalid-option", () => upload.uploadPart(1, "x", bad), "uploadPart");
      const part = await upload.uploadPart(1, "x");
      await rejects("invalid-option", () => upload.complete([part], bad), "complete");
      await rejects("invalid-option", () => upload.send(() => "x", bad), "send");
      await rejects("invalid-option", () => upload.parts(bad), "parts");
      await rejects("invalid-option", () => upload.abort(bad), "abort");
      same(await driver.exists(`${prefix}k`), false, "nothing was completed");
      await upload.abort();
    },
  },
  ...["contentType", "metadata", "ifMatch", "size", "onProgress"].map((name): Case => ({
    name: `option: upload refuses ${name}: null, and stores nothing`,
    async run({ driver, prefix }) {
      const key = `${prefix}k`;
      const error = await rejects("invalid-option", () => driver.upload(key, "x", { [name]: NULL }), "upload");
      ok(error.message.includes(name), `the message must name ${name}: ${error.message}`);
      same(await driver.exists(key), false, "exists");
    },
  })),
  {
    name: "option: key-value verbs pass over what they do not know",
    async run({ driver, prefix }) {
      const key = `${prefix.replaceAll("/", ":")}k`;
      const bag = { ttl: 60, contenttype: "x", removeMeta: true, type: null };
      await driver.setItem(key, "x", bag);
      same([await driver.getItem(key, bag), await driver.hasItem(key, bag)], ["x", true], "item");
      same((await driver.getKeys(prefix.replaceAll("/", ":"), bag)).length, 1, "keys");
      await driver.removeItem(key, bag);
      same(await driver.hasItem(key, NULL), false, "after removeItem");
    },
  },
];
