import type * as FsPromises from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { claimPath, inTurn, shareLocks, withLock } from "../../../drivers/fs/lock.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder, failure, filesBelow, folder, K } from "./folder.ts";

/** What the disk says to a new claim. */
const disk = vi.hoisted(() => ({ full: false }));

vi.mock("../../../drivers/fs/calls.ts", () => import("./by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const full = Object.assign(new Error("injected"), { code: "ENOSPC" });
  const symlink: typeof fs.symlink = (...args) => (disk.full ? Promise.reject(full) : fs.symlink(...args));
  const open: typeof fs.open = (path, ...rest) =>
    disk.full && String(path).endsWith(".claim") ? Promise.reject(full) : fs.open(path, ...rest);
  return { ...fs, symlink, open };
});

it.each([
  ["Photo.JPG", "photo.jpg"],
  ["\u00e9", "E\u0301"],
])("L14: claimPath is one for %j and %j, which some file systems take for one", (a, b) => {
  expect(claimPath(a)).toBe(claimPath(b));
  expect(claimPath("a")).not.toBe(claimPath("b"));
});

it("inTurn runs work of one name in turn, after failures too, and of other names beside it", async () => {
  const order: string[] = [];
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = inTurn("a", async () => {
    await gate;
    order.push("first");
    throw new Error("failed");
  }).catch(() => {});
  const second = inTurn("a", async () => void order.push("second"));
  await inTurn("b", async () => void order.push("other"));
  open();
  await Promise.all([first, second]);
  expect(order).toEqual(["other", "first", "second"]);
});

it("inTurn keeps who comes while the last one works behind that, too", async () => {
  const order: string[] = [];
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = inTurn("a", async () => {});
  const second = inTurn("a", async () => {
    await gate;
    order.push("second");
  });
  await first;
  const third = inTurn("a", async () => void order.push("third"));
  await inTurn("b", async () => {});
  open();
  await Promise.all([second, third]);
  expect(order).toEqual(["second", "third"]);
});

it("L7: withLock lets the next in when work unlocks, in this process and in others, and never ends a claim of theirs", async () => {
  const base = await emptyFolder();
  const steps: string[] = [];
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = withLock(rootAt(base), "k", {}, async (unlock) => {
    steps.push("first");
    await unlock();
    await gate;
    // A second time, when somebody else holds it.
    await unlock();
    steps.push("first ends");
  });
  await withLock(rootAt(base), "k", {}, async () => {
    steps.push("second");
    open();
    await first;
    expect((await filesBelow(base)).filter((path) => path.endsWith(".claim"))).toHaveLength(1);
  });
  expect([steps, await filesBelow(base)]).toEqual([["first", "second", "first ends"], [".unbucket/version"]]);
});

it("L7: withLock keeps two drivers off each other that reach one folder by two names, and leaves nothing", async () => {
  const base = await emptyFolder();
  const { symlink } = await import("node:fs/promises");
  const alias = join(await emptyFolder(), "alias");
  await symlink(base, alias);
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside--;
  };
  await Promise.all([base, alias, base, alias].map((path) => withLock(rootAt(path), "k", {}, work)));
  expect([most, await filesBelow(base)]).toEqual([1, [".unbucket/version"]]);
});

it("L22: a full disk refuses a write at the lock and leaves the old object, and a delete goes on without", async () => {
  onTestFinished(() => void (disk.full = false));
  const { put, text, store, files } = await folder();
  await put("k", "old", { metadata: { v: "old" } });
  const before = await files();
  disk.full = true;
  expect(await failure(put("k", "new"))).toMatchObject({ code: "unavailable", retryable: false });
  expect([await text("k"), await files()]).toEqual(["old", before]);
  await store.delete(K("k"), {});
  expect(await files()).toEqual([".unbucket/version"]);
  disk.full = false;
  const keys = Array.from({ length: 20 }, (_, index) => K(`d/${index}`));
  for (const key of keys) await put(key, "");
  disk.full = true;
  expect(await store.deleteMany?.(keys, {})).toEqual([]);
  expect(await files()).toEqual([".unbucket/version"]);
});

it("shareLocks makes locks of many keys that keep others off, and leaves nothing", async () => {
  const root = rootAt(await emptyFolder());
  const shared = await shareLocks(root);
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside--;
  };
  const alias = rootAt(join(root.base, "."));
  await Promise.all([
    withLock(root, "k", shared, work),
    withLock(alias, "k", {}, work),
    withLock(root, "k", shared, work),
  ]);
  await shared.holding?.end();
  expect([most, await filesBelow(root.base)]).toEqual([1, [".unbucket/version"]]);
});
