/** What a folder is asked for, in one table: what is there before, and what is there after. */
import type { UploadedPart } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import type { MultipartUpload, ObjectStore, UploadOptions } from "../../src/interface.ts";

/** Objects by key: their text, with the metadata entry `v` behind a `+` if they have one; null for none. */
export type Objects = Readonly<Record<string, string | null>>;

/** A call, and what it comes to. */
export interface Verb {
  readonly given?: Objects;
  /** Prepares, and gives the verb. */
  readonly prepare: (store: ObjectStore, base: string) => Promise<() => Promise<unknown>>;
  /** What it resolves with. */
  readonly gives?: unknown;
  /** What is there when it has succeeded, of that which it changes. */
  readonly then?: Objects;
  /** Whether it is several steps, of which a failure may leave some done. */
  readonly steps?: true;
}

const at = { v: "new" };

/** An upload in parts that was begun, and parts of it. */
export async function part(
  store: ObjectStore,
  key: string,
  parts = 1,
): Promise<{ readonly upload: MultipartUpload; readonly sent: readonly UploadedPart[] }> {
  const upload = await store.createMultipartUpload(key, { metadata: at });
  const sent = [];
  for (let number = 1; number <= parts; number++) sent.push(await upload.uploadPart(number, "new"));
  return { upload, sent };
}

const told = async (
  entries: AsyncIterable<{ readonly key?: string; readonly prefix?: string; readonly size?: number }>,
) => {
  const found: string[] = [];
  for await (const { key, prefix, size } of entries) found.push(key === undefined ? `${prefix}` : `${key} ${size}`);
  return found;
};
const listed: Objects = { a: "1", "b/c": "2", "d//e": "3", "f/g/h": "4" };

/** All that a folder is asked for. */
export const verbs: Readonly<Record<string, Verb>> = {
  "an upload": { prepare: async (store) => () => store.upload("k", "new"), then: { k: "new" } },
  "an upload into new folders": {
    prepare: async (store) => () => store.upload("n/e/k", "new"),
    then: { "n/e/k": "new" },
  },
  "an upload under an encoded name": {
    prepare: async (store) => () => store.upload("n//k", "new"),
    then: { "n//k": "new" },
  },
  "an upload with headers": {
    given: { "d/k": "old+old" },
    prepare: async (store) => () => store.upload("d/k", new Blob(["new"]).stream(), { metadata: at }),
    then: { "d/k": "new+new" },
  },
  "an upload that creates": {
    prepare: async (store) => () => store.upload("k", "new", { ifNoneMatch: "*", metadata: at }),
    then: { k: "new+new" },
  },
  "a copy": {
    given: { "d/from": "from+from", "d/k": "old+old" },
    prepare: async (store) => () => store.copy("d/from", "d/k"),
    then: { "d/k": "from+from" },
  },
  "a copy that creates": {
    given: { "d/from": "from+from" },
    prepare: async (store) => () => store.copy("d/from", "n/k", { ifNoneMatch: "*" }),
    then: { "n/k": "from+from" },
  },
  "a move": {
    given: { "d/from": "from" },
    prepare: async (store) => () => store.move("d/from", "k"),
    then: { "d/from": null, k: "from" },
    steps: true,
  },
  "an update": {
    given: { k: "old+old" },
    prepare: async (store) => () => store.update("k", async (now) => (await now?.text()) && "new"),
    then: { k: "new+old" },
  },
  "a delete": {
    given: { "d/k": "old+old", "d/stays": "1" },
    prepare: async (store) => () => store.delete("d/k"),
    then: { "d/k": null },
  },
  "a delete of the last in its folders": {
    given: { "n/e/k": "old" },
    prepare: async (store) => () => store.delete("n/e/k"),
    then: { "n/e/k": null },
  },
  "a delete of many": {
    given: { a: "1+1", "b/c": "2", "d//e": "3" },
    prepare: async (store) => () => store.delete(["a", "b/c", "d//e", ..."12345"]),
    then: { a: null, "b/c": null, "d//e": null },
    steps: true,
  },
  deletePrefix: {
    given: { "d/k": "1+1", "d/e/k": "2" },
    prepare: async (store) => () => store.deletePrefix("d/"),
    then: { "d/k": null, "d/e/k": null },
    steps: true,
  },
  head: {
    given: { k: "old+old" },
    prepare: async (store) => async () => (await store.head("k"))?.metadata,
    gives: { v: "old" },
  },
  "head of what is not there": { prepare: async (store) => () => store.head("d/k"), gives: null },
  "a download": {
    given: { "d/k": "old+old" },
    prepare: async (store) => async () => (await store.download("d/k")).text(),
    gives: "old",
  },
  "a download of a large object": {
    given: { k: "x".repeat(300_000) },
    prepare: async (store) => async () => (await (await store.download("k")).text()).length,
    gives: 300_000,
  },
  "a range": {
    given: { k: "old" },
    prepare: async (store) => async () => (await store.download("k", { range: { suffix: 2 } })).text(),
    gives: "ld",
  },
  "a list": {
    given: listed,
    prepare: async (store) => () => told(store.list()),
    gives: ["a 1", "b/c 1", "d//e 1", "f/g/h 1"],
  },
  "a list with a delimiter": {
    given: listed,
    prepare: async (store) => () => told(store.list({ delimiter: "/" })),
    gives: ["a 1", "b/", "d/", "f/"],
  },
  "a multipart upload's beginning": { prepare: async (store) => () => store.createMultipartUpload("k") },
  "a part": {
    prepare: async (store) => {
      const { upload } = await part(store, "k");
      return async () => (await upload.uploadPart(2, "new")).partNumber;
    },
    gives: 2,
  },
  "the list of the parts": {
    prepare: async (store) => {
      const { upload } = await part(store, "k");
      return async () => (await upload.parts()).length;
    },
    gives: 1,
  },
  "a completion": {
    given: { "d/k": "old+old" },
    prepare: async (store) => {
      const { upload, sent } = await part(store, "d/k", 2);
      return () => upload.complete(sent);
    },
    then: { "d/k": "newnew+new" },
  },
  "an abort": {
    prepare: async (store) => {
      const { upload } = await part(store, "k");
      return () => upload.abort();
    },
  },
  "the list of uploads": {
    prepare: async (store) => {
      await part(store, "k");
      return async () => (await told(store.listUploads())).length;
    },
    gives: 1,
  },
};

/** What {@link Objects} say of one, as `upload` takes it. */
export function headed(value: string | null): [text: string, options: UploadOptions] {
  const [text = "", v] = value?.split("+") ?? [];
  return [text, v === undefined ? {} : { metadata: { v } }];
}

/** What the keys have. */
export async function present(store: ObjectStore, keys: readonly string[]): Promise<Objects> {
  const found: Record<string, string | null> = {};
  for (const key of keys) {
    const object = await store.download(key).catch((error: unknown) => {
      if (StorageError.is(error) && error.code === "not-found") return null;
      throw error;
    });
    const v = object?.metadata?.["v"];
    found[key] = object && (await object.text()) + (v === undefined ? "" : `+${v}`);
  }
  return found;
}
