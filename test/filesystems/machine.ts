/** One of two machines: does what it is told by its messages, on a folder of its own, and answers. */
import fs from "unbucket/drivers/fs";

const [, , base = ""] = process.argv;
const store = fs({ base });

type Verb = "put" | "describe" | "create" | "head" | "get" | "described" | "exists" | "delete" | "keys" | "count";

/** What a machine can be asked to do. */
export type Order = readonly [verb: Verb, key: string, text?: string];

const verbs: Readonly<Record<Verb, (key: string, text: string) => Promise<unknown>>> = {
  put: async (key, text) => (await store.upload(key, text)).etag,
  describe: async (key, text) => (await store.upload(key, text, { metadata: { text } })).etag,
  create: async (key, text) => (await store.upload(key, text, { ifNoneMatch: "*" })).etag,
  head: async (key) => (await store.head(key))?.etag,
  get: async (key) => (await store.download(key)).text(),
  described: async (key) => {
    const object = await store.download(key);
    return [await object.text(), object.metadata["text"]];
  },
  exists: (key) => store.exists(key),
  delete: (key) => store.delete(key),
  keys: async (prefix) => {
    const keys: string[] = [];
    for await (const { key } of store.list({ prefix })) if (key !== undefined) keys.push(key);
    return keys;
  },
  count: (key) =>
    store.update(key, async (current) => String(Number((await current?.text()) ?? 0) + 1), { attempts: 100 }),
};

process.on("message", async ([verb, key, text = ""]: Order) => {
  try {
    process.send?.({ answer: (await verbs[verb](key, text)) ?? null });
  } catch (error) {
    process.send?.({ code: (error as { code?: unknown }).code ?? String(error), message: String(error) });
  }
});
process.on("disconnect", () => process.exit());
