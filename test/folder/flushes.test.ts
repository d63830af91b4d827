/** What becomes of those who wait for the flush of one folder, when somebody stops or something is taken away meanwhile. */
import type * as Fs from "node:fs";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import { emptyFolder, filesBelow } from "../drivers/fs/folder.ts";
import { openBelow, placeOf } from "../support/descriptors.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import { disk } from "./failing.ts";

vi.mock("node:fs", async (importOriginal) => {
  const { spoiltCalls } = await import("./failing.ts");
  return spoiltCalls(await importOriginal<typeof Fs>());
});

const { flush } = disk;
afterEach(() => void (disk.flush = flush));

/** Two writes and a delete in the folder `d` that wait for its flush, which lasts until it is let go. */
async function waiting(signal?: AbortSignal) {
  const base = await emptyFolder();
  const store = fs({ base });
  // One stays, or a delete that comes first would take the folder.
  for (const key of ["d/stays", "d/gone"]) await store.upload(key, "1");
  let letGo: (error?: Error) => void = () => {};
  const held = new Promise<void>((resolve, reject) => {
    letGo = (error) => (error ? reject(error) : resolve());
  });
  held.catch(() => {});
  let flushes = 0;
  disk.flush = async (fd) => {
    if (!placeOf(fd).startsWith(join(base, "d"))) return;
    flushes++;
    await held;
  };
  const all = Promise.allSettled([
    store.upload("d/a", "a", signal ? { signal } : {}),
    store.upload("d/b", "b", { metadata: { v: "b" } }),
    store.delete("d/gone"),
  ]);
  const has = (name: string): boolean => existsSync(join(base, "d", name));
  // Each has done its own step, and at least one flush is under way.
  await expect.poll(() => has("a") && has("b") && !has("gone") && flushes > 0).toBe(true);
  return { base, store, all, letGo };
}

const statuses = (all: readonly PromiseSettledResult<unknown>[]) => all.map(({ status }) => status);
const texts = async (base: string) =>
  Promise.all(["d/a", "d/b"].map(async (key) => await (await fs({ base }).download(key)).text()));

it("L2: who aborts when its object is there already is told that it is, and the others of theirs", async () => {
  const abort = new AbortController();
  const { base, store, all, letGo } = await waiting(abort.signal);
  abort.abort();
  await new Promise(setImmediate);
  letGo();
  expect(statuses(await all)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  expect(await texts(base)).toEqual(["a", "b"]);
  await store.dispose();
  await expect.poll(() => openBelow(base)).toEqual([]);
});

it("L2, L7: who writes a new key again meanwhile has it at once, and keeps it while there is an older record to remove", async () => {
  const { base, store, all, letGo } = await waiting();
  let told = 0;
  const again = async (driver: typeof store, n: number): Promise<void> => {
    await driver.upload("d/b", `again ${n}`, { metadata: { n: `${n}` } });
    told++;
  };
  const first = again(fs({ base }), 1);
  await expect.poll(async () => (await texts(base))[1]).toBe("again 1");
  // Its own record could else get the name of the one that is to go: that of a version of the same time and size.
  const second = again(store, 2);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([(await texts(base))[1], told]).toEqual(["again 1", 0]);
  letGo();
  await Promise.all([first, second]);
  expect(statuses(await all)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  const now = await store.download("d/b");
  expect([await now.text(), now.metadata["n"]]).toEqual(["again 2", "2"]);
  // Of three versions one record is left.
  expect((await filesBelow(base)).filter((path) => path.includes("/meta/"))).toHaveLength(1);
});

it("L7: who writes a key again keeps off while an older file of it, which an interrupted write has left, is to be removed", async () => {
  const { base, store, letGo } = await waiting();
  await mkdir(join(base, ".unbucket/keys"));
  await writeFile(join(base, ".unbucket/keys/d%2fold="), "older");
  const first = store.upload("d/old", "first");
  await expect.poll(() => existsSync(join(base, "d/old"))).toBe(true);
  // What it wrote could else lie where the older file is, and be removed for it.
  const second = fs({ base }).upload("d/old", "second");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await readFile(join(base, "d/old"), "utf8")).toBe("first");
  letGo();
  await Promise.all([first, second]);
  expect(await readFile(join(base, "d/old"), "utf8")).toBe("second");
  expect(existsSync(join(base, ".unbucket/keys/d%2fold="))).toBe(false);
});

it("L31: a driver that is disposed of meanwhile lets the folder go when they have been answered", async () => {
  const { base, store, all, letGo } = await waiting();
  await store.dispose();
  letGo();
  expect(statuses(await all)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  expect(await texts(base)).toEqual(["a", "b"]);
  await expect.poll(() => openBelow(base)).toEqual([]);
});

it("L17: a folder that another program removes meanwhile holds nobody up", async () => {
  const { base, store, all, letGo } = await waiting();
  const late = store.delete("d/stays");
  await expect.poll(() => existsSync(join(base, "d/stays"))).toBe(false);
  await rm(join(base, "d"), { recursive: true });
  letGo();
  await late;
  expect(statuses(await all)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  await store.upload("d/a", "again");
  expect(await (await store.download("d/a")).text()).toBe("again");
  await store.dispose();
  await expect.poll(() => openBelow(base)).toEqual([]);
});

it("L17: deletes of what is waited for come after it, and take the folder", async () => {
  const { base, store, all, letGo } = await waiting();
  const removed = store.delete(["d/a", "d/b", "d/stays"]);
  letGo();
  expect(statuses(await all)).toEqual(["fulfilled", "fulfilled", "fulfilled"]);
  await removed;
  expect(existsSync(join(base, "d"))).toBe(false);
  await store.dispose();
  await expect.poll(() => openBelow(base)).toEqual([]);
});

it("L2: a flush that fails is told to writes and deletes as `ambiguous`, and what is there is what they say", async () => {
  const unheard = unhandledRejections();
  const { base, store, all, letGo } = await waiting();
  letGo(Object.assign(new Error("injected"), { code: "EIO" }));
  for (const settled of await all) expect(settled).toMatchObject({ reason: { code: "ambiguous", retryable: false } });
  expect(await texts(base)).toEqual(["a", "b"]);
  expect(await store.exists("d/gone")).toBe(false);
  await store.dispose();
  await expect.poll(() => openBelow(base)).toEqual([]);
  expect(unheard).toEqual([]);
});
