import type * as Fs from "node:fs";
import { mkdirSync, renameSync, rmdirSync, rmSync, type Stats, writeFileSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { appendFile, chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import fs from "../../../drivers/fs.ts";
import type { FsOptions } from "../../../drivers/fs/options.ts";
import { program } from "../../runtimes/install.ts";
import { installing } from "../../runtimes/installing.ts";
import { unhandledRejections } from "../../support/unhandled.ts";
import { bundle, run } from "./child.ts";
import { emptyFolder, failure, folder, K } from "./folder.ts";

const watches = vi.hoisted(() => ({
  open: 0,
  failing: "",
  unreadable: "",
  code: "ENOSPC",
  persistent: new Set<boolean | undefined>(),
}));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  return {
    ...fs,
    lstat: (path: string, options: Fs.StatOptions, then: (error: Error | null) => void) =>
      path === watches.unreadable
        ? then(Object.assign(new Error("injected"), { code: "EIO" }))
        : fs.lstat(path, options, then),
    watch: (path: string, options: Fs.WatchOptions, listener: Fs.WatchListener<string>) => {
      if (path === watches.failing) throw Object.assign(new Error("injected"), { code: watches.code });
      watches.persistent.add(options.persistent);
      const watcher = fs.watch(path, options, listener);
      watches.open++;
      watcher.once("close", () => watches.open--);
      return watcher;
    },
  };
});

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What looks at a path wait for before they tell what they have seen. */
const late = vi.hoisted(() => new Map<string, Promise<void>>());

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const lstat = async (path: string): Promise<Stats> => {
    const seen = fs.lstat(path);
    seen.catch(() => {});
    await late.get(path);
    return seen;
  };
  return { ...fs, lstat };
});

/** Holds what is seen at a path; gives how to let it go. */
function hold(path: string): () => void {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => (resolve = done));
  late.set(path, promise);
  onTestFinished(() => void late.delete(path));
  return () => {
    late.delete(path);
    resolve();
  };
}

async function watched(options: Partial<FsOptions> = {}) {
  const made = await folder(options);
  const events: string[] = [];
  const stop = await made.store.watch?.((event, key) => events.push(`${event} ${key}`));
  onTestFinished(async () => stop?.());
  return { ...made, events, stop };
}

installing();

describe("watchFolder", () => {
  it("L29: tells each write and delete once, by key, whatever the key is", async () => {
    const { put, store, events } = await watched({ ignore: ["*.tmp"] });
    const keys = ["plain", "new/folder/deep", "x:y", "a//b", "with-record", `${":".repeat(100)}`];
    for (const key of keys) await put(key, "1", key === "with-record" ? { metadata: { a: "b" } } : {});
    await put("ignored.tmp", "");
    const updates = keys.map((key) => `update ${key}`);
    await expect.poll(() => [...events].sort()).toEqual([...updates].sort());
    for (const key of keys) await store.delete(K(key), {});
    await expect.poll(() => [...events].sort()).toEqual([...updates, ...keys.map((key) => `remove ${key}`)].sort());
  });

  it("L29: tells what other programs do, also in a folder that is moved in, removed and made again", async () => {
    const { base, events } = await watched();
    const outside = await emptyFolder();
    await mkdir(join(outside, "moved/deep"), { recursive: true });
    await writeFile(join(outside, "moved/deep/file"), "1");
    await rename(join(outside, "moved"), join(base, "moved"));
    await expect.poll(() => events).toContain("update moved/deep/file");
    await rm(join(base, "moved"), { recursive: true });
    await expect.poll(() => events).toContain("remove moved/deep/file");
    await mkdir(join(base, "moved/deep"), { recursive: true });
    await writeFile(join(base, "moved/deep/other"), "1");
    await expect.poll(() => events).toContain("update moved/deep/other");
  });

  it("L29: tells the end of what is in a folder that is moved away or renamed, also of what was there before the watch", async () => {
    const made = await folder();
    for (const key of ["away/deep/1", "away/2", "old/3", "stays"]) await made.put(key, "");
    const { base, put, events } = await watched({ base: made.base });
    await put("away/later", "");
    await expect.poll(() => events.splice(0)).toEqual(["update away/later"]);
    await rename(join(base, "away"), join(await emptyFolder(), "away"));
    const gone = ["remove away/2", "remove away/deep/1", "remove away/later"];
    await expect.poll(() => events.toSorted()).toEqual(gone);
    await rename(join(base, "old"), join(base, "new"));
    await expect.poll(() => events.slice(3).sort()).toEqual(["remove old/3", "update new/3"]);
    await rm(join(base, "new"), { recursive: true });
    await expect.poll(() => events.slice(5)).toEqual(["remove new/3"]);
  });

  it("tells nothing of links, nor of a folder or a file that is gone before it was seen", async () => {
    const { base, put, events } = await watched();
    const outside = await emptyFolder();
    mkdirSync(join(outside, "moved"));
    await symlink("/nowhere", join(outside, "moved/link"));
    renameSync(join(outside, "moved"), join(base, "moved"));
    await symlink(outside, join(base, "link"));
    mkdirSync(join(base, "folder"));
    rmdirSync(join(base, "folder"));
    writeFileSync(join(base, "file"), "");
    rmSync(join(base, "file"));
    await put("last", "");
    await expect.poll(() => events).toContain("update last");
    await pause(100);
    expect(events).toEqual(["update last"]);
  });

  it("goes on with a folder that is back when it is told late that it was gone", async () => {
    const { base, put, events } = await watched();
    await put("a/1", "");
    await expect.poll(() => events).toEqual(["update a/1"]);
    const release = hold(join(base, "a"));
    renameSync(join(base, "a"), join(base, "away"));
    await expect.poll(() => events).toContain("update away/1");
    late.clear();
    renameSync(join(base, "away"), join(base, "a"));
    await expect.poll(() => events).toContain("remove away/1");
    release();
    await put("a/2", "");
    await expect.poll(() => events).toContain("update a/2");
    await put("a/3", "");
    await expect.poll(() => events).toContain("update a/3");
  });

  it("ends with the end of a file whose folder comes back for a moment", async () => {
    const { base, put, events } = await watched({ watchOptions: { atomic: 200 } });
    await put("a/1", "");
    await expect.poll(() => events).toEqual(["update a/1"]);
    rmSync(join(base, "a"), { recursive: true });
    await pause(50);
    const release = hold(join(base, "a"));
    mkdirSync(join(base, "a"));
    writeFileSync(join(base, "a/1"), "again");
    await pause(300);
    rmSync(join(base, "a"), { recursive: true });
    release();
    await expect.poll(() => events.at(-1)).toBe("remove a/1");
  });

  it.each(["base", "link"])(
    "L29: tells the end of what is in a base that is removed, not of the base, called %s",
    async (name) => {
      const top = await emptyFolder();
      await mkdir(join(top, "base"));
      await symlink(join(top, "base"), join(top, "link"));
      const { put, events } = await watched({ base: join(top, name) });
      await put("a/k", "1");
      await expect.poll(() => events).toEqual(["update a/k"]);
      await rm(join(top, "base"), { recursive: true });
      await expect.poll(() => events).toContain("remove a/k");
      await pause(100);
      expect(events).toEqual(["update a/k", "remove a/k"]);
    },
  );

  it("L9: follows no link, and is silent when stopped", async () => {
    const { base, put, events, stop } = await watched();
    const outside = await emptyFolder();
    await symlink(outside, join(base, "linked"));
    await writeFile(join(outside, "canary"), "");
    await put("seen", "");
    await expect.poll(() => events).toContain("update seen");
    expect(events.filter((event) => event.includes("canary"))).toEqual([]);
    await stop?.();
    const { store } = await folder({ base });
    const again: string[] = [];
    const stopAgain = await store.watch?.((_, key) => again.push(key));
    await put("unseen", "");
    await expect.poll(() => again).toContain("unseen");
    await stopAgain?.();
    expect(events.filter((event) => event.includes("unseen"))).toEqual([]);
  });

  it("goes on when a listener throws, which is nobody's unhandled rejection", async () => {
    const unhandled = unhandledRejections();
    const { put, store } = await folder();
    const seen: string[] = [];
    const stop = await store.watch?.((_, key) => {
      seen.push(key);
      throw new Error(`listener of ${key}`);
    });
    onTestFinished(async () => stop?.());
    for (const key of ["a", "b"]) {
      await put(key, "");
      await expect.poll(() => seen).toContain(key);
    }
    // Rejections are told when the tasks of a turn have run.
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });

  it("leaves out what watchOptions ignores or what is too deep, but lists it", async () => {
    const { put, keys, events } = await watched({
      watchOptions: { ignored: [/\.tmp$/, (path) => path === "skip"], depth: 1 },
    });
    const ignored = ["a.tmp", "skip/deep", "a/b/c"];
    for (const key of [...ignored, "a/b2", "last"]) await put(key, "");
    await expect.poll(() => events).toEqual(expect.arrayContaining(["update a/b2", "update last"]));
    expect(events).toHaveLength(2);
    expect(await keys()).toEqual(expect.arrayContaining(ignored));
  });

  it("tells what is there when ignoreInitial is false, and holds no process when persistent is", async () => {
    const { base, put } = await folder();
    for (const key of ["a", "b/c", "x//y"]) await put(key, "");
    watches.persistent.clear();
    const { events } = await watched({ base, watchOptions: { ignoreInitial: false, persistent: false } });
    await expect.poll(() => [...events].sort()).toEqual(["update a", "update b/c", "update x//y"]);
    expect([...watches.persistent]).toEqual([false]);
  });

  it.each(["node20", "bun", "deno"] as const)("lets a process of %s end when persistent is false", async (name) => {
    const code = await bundle(`
      const store = fs({ base, watchOptions: { persistent: false } });
      await store.upload("a/k", "1");
      await store.watch(() => {});
      await store.upload("a/k", "2");
      console.log("done");
    `);
    const rights = name === "deno" ? ["run", "--allow-all", "--quiet", "--no-check"] : [];
    const { child, ended } = run(await program(name), [...rights, code, await emptyFolder()]);
    const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
    expect(await ended).toEqual({ code: 0, out: "done\n" });
    clearTimeout(timer);
  });

  it("does not tell twice of one state, whatever else of a file changes", async () => {
    const { base, events } = await watched();
    await writeFile(join(base, "k"), "1");
    await expect.poll(() => events).toEqual(["update k"]);
    await chmod(join(base, "k"), 0o600);
    await pause(200);
    await writeFile(join(base, "later"), "1");
    await expect.poll(() => events).toContain("update later");
    expect(events).toEqual(["update k", "update later"]);
  });

  it("tells of a file that is written to again and again while that goes on", async () => {
    const { base, events } = await watched();
    const started = performance.now();
    while (events.length === 0 && performance.now() - started < 10_000) {
      await appendFile(join(base, "k"), "1");
      await pause(1);
    }
    expect(events).toContain("update k");
  });

  it("waits with awaitWriteFinish until nothing writes any more", async () => {
    const { base, events: hasty } = await watched();
    const { events: patient } = await watched({
      base,
      watchOptions: { awaitWriteFinish: { stabilityThreshold: 60_000 } },
    });
    const { events } = await watched({ base, watchOptions: { awaitWriteFinish: { stabilityThreshold: 50 } } });
    await writeFile(join(base, "k"), "1");
    await expect.poll(() => hasty).toContain("update k");
    await expect.poll(() => events).toContain("update k");
    expect(patient).toEqual([]);
  });

  it("survives an ignore function that throws, and passes over folders that it may not read when told to", async () => {
    const unhandled = unhandledRejections();
    const { base, put } = await folder();
    await put("closed/k", "");
    Object.assign(watches, { failing: join(base, "closed"), code: "EACCES" });
    onTestFinished(() => void Object.assign(watches, { failing: "", code: "ENOSPC" }));
    const refused = await folder({ base });
    expect((await failure(Promise.resolve(refused.store.watch?.(() => {})))).code).toBe("denied");
    const fault = (path: string): boolean => {
      if (path === "bad") throw new Error("mine");
      return false;
    };
    const { events } = await watched({ base, watchOptions: { ignorePermissionErrors: true, ignored: fault } });
    for (const key of ["bad", "good"]) await put(key, "");
    await expect.poll(() => events).toEqual(["update good"]);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });

  it("takes a file that cannot be looked at for no absent one, and tells it when it can", async () => {
    const { base, put, events } = await watched();
    await put("k", "1");
    await expect.poll(() => events).toEqual(["update k"]);
    watches.unreadable = join(base, "k");
    onTestFinished(() => void (watches.unreadable = ""));
    writeFileSync(join(base, "k"), "22");
    await pause(100);
    expect(events).toEqual(["update k"]);
    watches.unreadable = "";
    await expect.poll(() => events).toEqual(["update k", "update k"]);
  });

  it("tells what lies beside a folder that comes later and cannot be watched", async () => {
    const { base, events } = await watched();
    const moved = join(await emptyFolder(), "moved");
    mkdirSync(join(moved, "closed"), { recursive: true });
    const names = ["a", "b", "y", "z"];
    for (const name of names) writeFileSync(join(moved, name), "");
    Object.assign(watches, { failing: join(base, "moved/closed") });
    onTestFinished(() => void Object.assign(watches, { failing: "" }));
    renameSync(moved, join(base, "moved"));
    await expect.poll(() => events.toSorted()).toEqual(names.map((name) => `update moved/${name}`).toSorted());
  });

  it("leaves no folder watched when it cannot watch one of them", async () => {
    const { base, store, put } = await folder();
    for (const key of ["a/1", "b/1", "c/1"]) await put(key, "");
    const before = watches.open;
    watches.failing = join(base, "b");
    const error = await failure(Promise.resolve(store.watch?.(() => {}))).finally(() => (watches.failing = ""));
    expect(error).toMatchObject({ code: "unavailable", retryable: false });
    await expect.poll(() => watches.open).toBe(before);
  });
});

describe("close", () => {
  it("stops every watch of the driver, also one that is about to start", async () => {
    const base = await emptyFolder();
    await mkdir(join(base, "a/b"), { recursive: true });
    const before = watches.open;
    const driver = fs({ base });
    const told: string[] = [];
    await driver.watch?.((_, key) => told.push(key));
    const late = driver.watch?.((_, key) => told.push(key));
    await new Promise(setImmediate);
    expect(watches.open).toBeGreaterThan(before);
    await driver.dispose?.();
    await late;
    await expect.poll(() => watches.open).toBe(before);
    const { put, store } = await folder({ base });
    const other: string[] = [];
    const stop = await store.watch?.((_, key) => other.push(key));
    await put("k", "");
    await expect.poll(() => other).toContain("k");
    await stop?.();
    expect(told).toEqual([]);
  });
});
