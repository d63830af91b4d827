/** Every verb, when any one of the calls that it makes on the file system fails. */
import { mkdirSync } from "node:fs";
import type * as Fs from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { beforeEach, describe, expect, it, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import { rootAt } from "../../drivers/fs/root.ts";
import type * as Sweep from "../../drivers/fs/sweep.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { StorageError } from "../../src/error.ts";
import { emptyFolder, filesBelow, MEMORY } from "../drivers/fs/folder.ts";
import { openBelow } from "../support/descriptors.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import { failing, type Fault, FILLS, OPENS } from "./failing.ts";

vi.mock("node:fs/promises", async (importOriginal) => {
  const { spoiltPromises } = await import("./failing.ts");
  return spoiltPromises(await importOriginal<typeof FsPromises>());
});
vi.mock("node:fs", async (importOriginal) => {
  const { spoiltCalls } = await import("./failing.ts");
  return spoiltCalls(await importOriginal<typeof Fs>());
});

// The driver's sweep, which its first write begins, is no call of the verb's.
vi.mock("../../drivers/fs/sweep.ts", () => ({ sweep: async () => 0 }));
const { sweep } = await vi.importActual<typeof Sweep>("../../drivers/fs/sweep.ts");

// What waits for a descriptor waits as often as ever, and not as long. Folders are held for a second, as ever.
beforeEach(() => {
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (run: () => void, ms = 0) => setTimeout(run, ms === 1000 ? ms : ms / 100));
  return () => vi.unstubAllGlobals();
});

/** Objects by key: their text, with the metadata entry `v` behind a `+` if they have one; null for none. */
type Objects = Readonly<Record<string, string | null>>;

interface Verb {
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
const part = async (store: ObjectStore, key: string, parts = 1) => {
  const upload = await store.createMultipartUpload(key, { metadata: at });
  const sent = [];
  for (let number = 1; number <= parts; number++) sent.push(await upload.uploadPart(number, "new"));
  return { upload, sent };
};
const told = async (
  entries: AsyncIterable<{ readonly key?: string; readonly prefix?: string; readonly size?: number }>,
) => {
  const found: string[] = [];
  for await (const { key, prefix, size } of entries) found.push(key === undefined ? `${prefix}` : `${key} ${size}`);
  return found;
};
const listed: Objects = { a: "1", "b/c": "2", "d//e": "3", "f/g/h": "4" };

const verbs: Readonly<Record<string, Verb>> = {
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
  "a sweep": { given: { k: "1+1" }, prepare: async (_, base) => () => sweep(rootAt(base)), gives: 0 },
};

/** What the keys have. */
async function present(store: ObjectStore, keys: readonly string[]): Promise<Objects> {
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

/** Calls whose failure leaves what they were to remove: for the sweep. */
const REMOVALS: readonly string[] = ["unlink", "rmdir", "realpath"];

/** Runs a verb until none of its calls is left to fail; gives how often it has failed. */
async function failAtEach(
  verb: Verb,
  fault: Omit<Fault, "from">,
  codes: readonly string[],
  place?: string,
): Promise<number> {
  const folder = await emptyFolder(place);
  const unheard = unhandledRejections();
  const keys = Object.keys({ ...verb.given, ...verb.then });
  const before: Objects = Object.fromEntries(keys.map((key) => [key, verb.given?.[key] ?? null]));
  const after = { ...before, ...verb.then };
  let failures = 0;
  for (let from = 0, more = true; more; from++) {
    const base = join(folder, `${from}`);
    mkdirSync(base);
    const store = fs({ base });
    for (const [key, value] of Object.entries(verb.given ?? {})) {
      const [text = "", v] = value?.split("+") ?? [];
      await store.upload(key, text, v === undefined ? {} : { metadata: { v } });
    }
    const run = await verb.prepare(store, base);
    let error: StorageError | undefined;
    let given: unknown;
    const calls = await failing({ ...fault, from }, async () => {
      given = await run().catch((reason: StorageError) => void (error = reason));
    });
    more = calls.length > from;
    const context = `${calls[from]}, call ${from}: ${error?.message ?? "succeeds"}`;
    const now = await present(store, keys);
    const left = (await filesBelow(base)).filter((file) => /^.unbucket\/(tmp|meta)\//.test(file));
    if (error) {
      failures++;
      expect([StorageError.is(error), error.code], context).toEqual([true, codes.find((code) => code === error?.code)]);
      if (error.code === "unavailable") {
        expect([error.retryable, error.message.includes("nothing was stored")], context).toEqual(
          fault.among === FILLS ? [false, true] : [true, false],
        );
      }
      const either = verb.steps || error.code === "ambiguous";
      for (const key of keys) expect(either ? [before[key], after[key]] : [before[key]], context).toContain(now[key]);
      // The system gives again: what was done is found, the rest is done.
      given = await run().catch((reason: StorageError) => reason.code);
      if (verb.steps || isDeepStrictEqual(now, after)) given = verb.gives;
    }
    if ("gives" in verb) expect(given, context).toEqual(verb.gives);
    expect(error ? await present(store, keys) : now, context).toEqual(after);
    // What could not be removed, and the record of a version that a power cut may bring back, is for the sweep.
    if (error?.code !== "ambiguous" && !REMOVALS.includes(calls[from] ?? "")) {
      const records = Object.values(now).filter((value) => value?.includes("+"));
      expect([left.filter((file) => file.includes("/tmp/")), left.length], context).toEqual([[], records.length]);
    }
    await store.dispose();
    if (openBelow(base).length > 0) await expect.poll(() => openBelow(base), { message: context }).toEqual([]);
  }
  expect(unheard).toEqual([]);
  return failures;
}

const each = Object.entries(verbs);

/** A disk that fails may do so at any call, of which there are many: of some verbs in each run, of all of them by UNBUCKET_LONG. */
const USUAL = ["an upload with headers", "a copy", "a delete of the last in its folders", "a list", "a completion"];
const onEach = process.env["UNBUCKET_LONG"]
  ? each.map(([name, verb]) => [USUAL.includes(name) ? name : `${name}, long`, verb] as const)
  : each.filter(([name]) => USUAL.includes(name));

describe("a verb leaves the old or the new, and nothing else, and can be called again", () => {
  it.each(each)("L23: without a descriptor, %s", async (_, verb) => {
    const fault = { code: "EMFILE", among: OPENS, lasting: true };
    await failAtEach(verb, fault, ["unavailable", "ambiguous", "partial"]);
  });

  it.each(each)("L22: on a disk that is full, %s", async (_, verb) => {
    const fault = { code: "ENOSPC", among: FILLS, lasting: true };
    await failAtEach(verb, fault, ["unavailable", "ambiguous", "partial"]);
  });

  it.each(onEach)("L22: on a disk that fails once, %s", async (_, verb) => {
    await failAtEach(verb, { code: "EIO" }, ["unknown", "ambiguous", "partial"]);
  });

  it("L22: in memory that fails once, an upload with headers", async () => {
    const verb = verbs["an upload with headers"] as Verb;
    await failAtEach(verb, { code: "EIO" }, ["unknown", "ambiguous"], MEMORY);
  });
});

it.each(each)("L23: %s waits for a descriptor", async (_, verb) => {
  expect(await failAtEach(verb, { code: "ENFILE", among: OPENS }, [])).toBe(0);
});
