/** What becomes of a folder when the power is cut: while something is changed, and when that was acknowledged. */
import type * as Fs from "node:fs";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import { rootAt } from "../../drivers/fs/root.ts";
import { sweep } from "../../drivers/fs/sweep.ts";
import { systemClock } from "../../src/clock.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { emptyFolder, filesBelow, MEMORY } from "../drivers/fs/folder.ts";
import { chance } from "../support/chance.ts";
import { type Cut, Disk, followed, type Remains } from "./power.ts";
import { headed, type Objects, present, type Verb, verbs } from "./verbs.ts";

vi.mock("node:fs/promises", async (importOriginal) => {
  const { followedPromises } = await import("./power.ts");
  return followedPromises(await importOriginal<typeof FsPromises>());
});
vi.mock("node:fs", async (importOriginal) => {
  const { followedCalls } = await import("./power.ts");
  return followedCalls(await importOriginal<typeof Fs>());
});

/** What may be found under each key: text, and the metadata entry `v` behind a `+`. */
type Allowed = Readonly<Record<string, readonly (string | null)[]>>;

const DAYS = 2 * 24 * 60 * 60 * 1000;

/** Makes a folder of what is left. */
function restore(remains: Remains, base: string): void {
  mkdirSync(base);
  for (const [path, file] of remains) {
    const at = join(base, path);
    if (!file) mkdirSync(at);
    else writeFileSync(at, file.bytes);
    if (file?.time !== undefined) utimesSync(at, file.time, file.time);
  }
}

/** Makes a folder of each power cut, and says what is wrong with what is found in it. */
async function judge<T>(
  cuts: readonly Cut<T>[],
  check: (store: ReturnType<typeof fs>, allowed: T, base: string) => Promise<void>,
): Promise<string[]> {
  const folder = await emptyFolder(MEMORY);
  const faults: string[] = [];
  for (const [index, { remains, allowed }] of cuts.entries()) {
    const at = join(folder, `${index}`);
    restore(remains, at);
    const store = fs({ base: at, durable: false });
    await check(store, allowed, at).catch((error: Error) => faults.push(`${error.message}\n${drawn(remains)}`));
    await store.dispose();
  }
  return faults;
}

async function checkKeys(store: ObjectStore, allowed: Allowed, base: string): Promise<void> {
  const keys = Object.keys(allowed);
  const now = await present(store, keys);
  for (const key of keys) expect(allowed[key], key).toContainEqual(now[key] ?? null);
  const listed: string[] = [];
  for await (const { key = "" } of store.list()) listed.push(key);
  expect(listed.sort()).toEqual(keys.filter((key) => now[key] !== null).sort());
  // Nothing that was left is in the way of what comes, or shows again.
  for (const key of keys) await store.upload(key, "again", { metadata: { v: "again" } });
  expect(Object.values(await present(store, keys))).toEqual(keys.map(() => "again+again"));
  await store.delete(keys);
  expect(Object.values(await present(store, keys))).toEqual(keys.map(() => null));
  await sweep(rootAt(base), { ...systemClock, now: () => Date.now() + DAYS });
  const left = (await filesBelow(base)).filter((path) => !/^.unbucket\/(version|uploads)/.test(path));
  expect(left).toEqual([]);
}

function drawn(remains: Remains): string {
  const lines = [...remains].map(
    ([path, file]) => `${path}${file ? ` ${JSON.stringify(new TextDecoder().decode(file.bytes))} ${file.time}` : "/"}`,
  );
  return lines.sort().join("\n");
}

interface Changing extends Verb {
  /** What a key may have for a moment. */
  readonly between?: Objects;
}

const changing: Readonly<Record<string, Changing>> = {
  ...Object.fromEntries(Object.entries(verbs).filter(([, verb]) => verb.then)),
  "an upload without headers in place of one with headers": {
    given: { "d/k": "old+old" },
    prepare: async (store) => () => store.upload("d/k", "new"),
    then: { "d/k": "new" },
  },
  "an upload that goes back to its plain name": {
    given: { d: "1", "d/k": "old+old" },
    prepare: async (store) => {
      await store.delete("d");
      return () => store.upload("d/k", "new", { metadata: { v: "new" } });
    },
    then: { d: null, "d/k": "new+new" },
    steps: true,
  },
  "a delete of what has gone back to its plain name": {
    given: { d: "1", "d/k": "old+old" },
    prepare: async (store) => {
      await store.delete("d");
      return async () => {
        await store.upload("d/k", "new");
        await store.delete("d/k");
      };
    },
    then: { d: null, "d/k": null },
    steps: true,
    between: { "d/k": "new" },
  },
  "two deletes of one key": {
    given: { "d/k": "old+old", "d/stays": "1" },
    prepare: async (store) => async () => {
      const first = store.delete("d/k");
      while (await store.exists("d/k")) await new Promise(setImmediate);
      await Promise.race([first, store.delete("d/k")]);
      // What goes on when one of them was acknowledged may be cut as well.
      return () => first;
    },
    then: { "d/k": null },
  },
  "a move with headers": {
    given: { "d/from": "from+from", "e/k": "old+old" },
    prepare: async (store) => () => store.move("d/from", "e/k"),
    then: { "d/from": null, "e/k": "from+from" },
    steps: true,
  },
};

it.each(Object.entries(changing))("L2: a power cut during %s, or after it", { timeout: 120_000 }, async (_, verb) => {
  const base = await emptyFolder();
  const keys = Object.keys({ ...verb.given, ...verb.then });
  const before = Object.fromEntries(keys.map((key) => [key, verb.given?.[key] ?? null]));
  const after = { ...before, ...verb.then };
  let isOver = false;
  const ways = (): Objects[] => (isOver ? [after] : [before, after, { ...after, ...verb.between }]);
  const allowed = (): Allowed => Object.fromEntries(keys.map((key) => [key, ways().map((all) => all[key] ?? null)]));
  const disk = new Disk(base, allowed);
  await followed(disk, async () => {
    const store = fs({ base });
    for (const key of keys) if (verb.given?.[key]) await store.upload(key, ...headed(verb.given[key] ?? null));
    const run = await verb.prepare(store, base);
    disk.settle();
    disk.cuts();
    const rest = await run();
    isOver = true;
    disk.cut();
    if (typeof rest === "function") await rest();
    await store.dispose();
  });
  const cuts = disk.cuts();
  const faults = await judge(cuts, checkKeys);
  expect(faults.slice(0, 2)).toEqual([]);
  // At least what was before, two states in between, and what is acknowledged, however the calls fall.
  expect(cuts.length).toBeGreaterThan(3);
});

const KEYS = ["a", "a/b", "d/k", "d/e/k", "x//y", "d/n"];
const seeds = process.env["UNBUCKET_LONG"] ? Array.from({ length: 40 }, (_, n) => n + 1) : [1, 2];

it.each(seeds)(
  "L2: power cuts in histories of one to three changes at once, seed %s",
  { timeout: 300_000 },
  async (seed) => {
    const base = await emptyFolder();
    const random = chance(seed);
    const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const allowed: Record<string, (string | null)[]> = Object.fromEntries(KEYS.map((key) => [key, [null]]));
    const disk = new Disk(base, () => structuredClone(allowed) as Allowed, seed, 3);
    let turn = 0;
    const change = async (store: ObjectStore, key: string, free: string[]): Promise<void> => {
      const to = one([`${++turn}`, `${turn}+${turn}`, `${turn}+${turn}`, null]);
      const keys = to === null && free.length > 0 && random() < 0.5 ? [key, free.pop() as string] : [key];
      for (const each of keys) allowed[each]?.push(to);
      const how = random();
      if (to === null) await store.delete(keys.length > 1 ? keys : key);
      else if (how < 0.2) {
        const upload = await store.createMultipartUpload(key, headed(to)[1]);
        await upload.complete([await upload.uploadPart(1, headed(to)[0])]);
      } else if (how < 0.4) await store.update(key, () => headed(to)[0], { metadata: {}, ...headed(to)[1] });
      else await store.upload(key, ...headed(to));
      for (const each of keys) allowed[each] = [to];
      disk.cut();
    };
    await followed(disk, async () => {
      const store = fs({ base });
      for (let round = 0; round < 15; round++) {
        const free = KEYS.toSorted(() => random() - 0.5);
        const some = free.splice(0, one([1, 1, 2, 3]));
        await Promise.all(some.map((key) => change(store, key, free)));
        if (random() < 0.3) disk.settle();
      }
      await store.dispose();
    });
    const cuts = disk.cuts();
    const faults = await judge(cuts, checkKeys);
    expect(faults.slice(0, 2)).toEqual([]);
    expect(cuts.length).toBeGreaterThan(100);
  },
);

it(
  "L2: a part that was acknowledged is there after a power cut, and an upload that was given up is not",
  { timeout: 120_000 },
  async () => {
    const base = await emptyFolder();
    /** Parts that must be there; null when there must be no upload, undefined while one may come or go. */
    let parts: number | null | undefined;
    const disk = new Disk(base, () => parts ?? (parts === null ? -1 : -2));
    let uploadId = "";
    await followed(disk, async () => {
      const store = fs({ base });
      const upload = await store.createMultipartUpload("d/k", { metadata: { v: "1" } });
      ({ uploadId } = upload);
      for (parts = 0; parts < 2; parts++) await upload.uploadPart(parts + 1, `${parts + 1}`);
      disk.cut();
      parts = undefined;
      await upload.abort();
      parts = null;
      disk.cut();
      await store.dispose();
    });
    const cuts = disk.cuts();
    const faults = await judge(cuts, async (store, allowed) => {
      const found: string[] = [];
      for await (const one of store.listUploads()) found.push(one.uploadId);
      if (allowed === -1) expect(found).toEqual([]);
      if (allowed < 0) return;
      expect(found).toEqual([uploadId]);
      const upload = await store.resumeMultipartUpload("d/k", uploadId);
      const held = await upload.parts();
      expect(held.length).toBeGreaterThanOrEqual(allowed);
      if (held.length === 0) return;
      const { key } = await upload.complete(held);
      expect(await (await store.download(key)).text()).toBe("12".slice(0, held.length));
    });
    expect(faults.slice(0, 2)).toEqual([]);
    expect(cuts.length).toBeGreaterThan(10);
  },
);
