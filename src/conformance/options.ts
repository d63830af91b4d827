/** Options that no verb has, and null: refused by name, never passed over. */
import type { ObjectStore } from "../interface.ts";
import { ok, rejects, same } from "./assert.ts";
import type { Case } from "./case.ts";

type Call = (store: ObjectStore, key: string, options: object | undefined) => Promise<unknown>;

/** Each verb with an option that someone could write for one that it has. */
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
  createMultipartUpload: ["meta", (store, key, options) => store.createMultipartUpload(key, options)],
};

const NULL = null as unknown as undefined;

/** Names and null. */
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
      // Spread beside the prefix, nothing is left of it.
      if (verb !== "list") await refused(NULL, "options");
      same([await driver.exists(key), await driver.exists(`${key}-2`)], [true, false], "nothing was done");
    },
  })),
  {
    name: "option: list refuses null options at its first step",
    async run({ driver, prefix }) {
      for (const store of [driver, driver.scoped(prefix)])
        await rejects(
          "invalid-option",
          () =>
            store
              .list({ prefix, cursor: NULL, ifMatch: NULL } as object)
              .pages()
              .next(),
          "list",
        );
      await rejects("invalid-option", () => driver.list(NULL).pages().next(), "list");
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
