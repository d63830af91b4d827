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
import { StorageError } from "../../src/error.ts";
import { emptyFolder, filesBelow, MEMORY } from "../drivers/fs/folder.ts";
import { openBelow } from "../support/descriptors.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import { failing, type Fault, FILLS, OPENS } from "./failing.ts";
import { headed, type Objects, present, type Verb, verbs } from "./verbs.ts";

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
    for (const [key, value] of Object.entries(verb.given ?? {})) await store.upload(key, ...headed(value));
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
    const inDoubt = [error, ...(error?.errors?.map((one) => one.error) ?? [])].some((one) => one?.code === "ambiguous");
    if (!inDoubt && !REMOVALS.includes(calls[from] ?? "")) {
      const records = (of: Readonly<Record<string, string | null>>): number =>
        Object.values(of).filter((value) => value?.includes("+")).length;
      // A delete that cannot look whether a record is needed still has deleted, and leaves that for the sweep as well.
      const spare = error ? 0 : records(before) - records(now);
      expect(
        left.filter((file) => file.includes("/tmp/")),
        context,
      ).toEqual([]);
      expect([records(now), records(now) + Math.max(0, spare)], context).toContain(left.length);
    }
    await store.dispose();
    if (openBelow(base).length > 0) await expect.poll(() => openBelow(base), { message: context }).toEqual([]);
  }
  expect(unheard).toEqual([]);
  return failures;
}

const each = Object.entries({
  ...verbs,
  "a sweep": { given: { k: "1+1" }, prepare: async (_, base) => () => sweep(rootAt(base)), gives: 0 },
} satisfies Readonly<Record<string, Verb>>);

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
