import { execFileSync } from "node:child_process";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { mkdir, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { CallOptions } from "../../../src/backend.ts";
import { claim } from "../../../drivers/fs/claim.ts";
import type * as Files from "../../../drivers/fs/file.ts";
import { claimPath } from "../../../drivers/fs/lock.ts";
import { emptyFolder, failure, folder, K, onPlatform } from "./folder.ts";

/** How often the system was called, by the names of calls. */
const calls = vi.hoisted(() => ({ open: 0, link: 0, symlink: 0, rmdir: 0 }));

/** What happens before a file is looked at. */
const looking = vi.hoisted((): { at?: ((path: string) => Promise<void>) | undefined } => ({}));

/** What happens before a file or a folder is opened. */
const opening = vi.hoisted((): { at?: ((path: string) => void) | undefined } => ({}));

/** What was opened. */
const opened = vi.hoisted((): string[] => []);

vi.mock("../../../drivers/fs/calls.ts", () => import("./by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const counted = (name: keyof typeof calls) => {
    const call = fs[name] as (...args: unknown[]) => Promise<unknown>;
    return { [name]: (...args: unknown[]) => (calls[name]++, call(...args)) };
  };
  return { ...fs, ...counted("open"), ...counted("link"), ...counted("symlink"), ...counted("rmdir") };
});
vi.mock("../../../drivers/fs/file.ts", async (importOriginal) => {
  const files = await importOriginal<typeof Files>();
  const open: typeof files.open = async (path, ...rest) => {
    calls.open++;
    opened.push(path);
    opening.at?.(path);
    return files.open(path, ...rest);
  };
  const lookAt: typeof files.lookAt = async (path, ...rest) => {
    await looking.at?.(path);
    return files.lookAt(path, ...rest);
  };
  return { ...files, open, lookAt };
});
beforeEach(() => void Object.assign(calls, { open: 0, link: 0, symlink: 0, rmdir: 0 }));

describe("remove", () => {
  it.each(["k", "d/k", "d/k/", "con"])(
    "of one version of %j leaves another, and calls what is absent a success",
    async (key) => {
      const { put, store, text, files } = await folder();
      const { etag: before } = await put(key, "v1", { metadata: { v: "1" } });
      const { etag } = await put(key, "v2", { metadata: { v: "2" } });
      const there = await files();
      expect(await failure(store.delete(K(key), { ifMatch: before }))).toMatchObject({
        code: "precondition-failed",
        key,
      });
      expect([await text(key), await files()]).toEqual(["v2", there]);
      await store.delete(K(key), { ifMatch: etag });
      expect(await store.head(K(key), {})).toBe(null);
      await store.delete(K(key), { ifMatch: etag });
      expect((await files()).filter((path) => path !== ".unbucket/version")).toEqual([]);
    },
  );

  it("finds an object that a write moves to its plain place between two looks", async () => {
    const { base, put, store, text } = await folder();
    await put("a", "a file");
    await put("a/b", "v1");
    await store.delete(K("a"), {});
    const other = await folder({ base });
    looking.at = async (path) => {
      if (!path.includes(".unbucket/keys")) return;
      looking.at = undefined;
      await other.put("a/b", "v2");
    };
    await store.delete(K("a/b"), {});
    expect(looking.at).toBeUndefined();
    expect([await store.head(K("a/b"), {}), await text("a/b").catch(() => null)]).toEqual([null, null]);
  });

  it("finds an object whose folder was made anew while the delete waited for its turn", async () => {
    const { base, put, store } = await folder();
    await put("d/k", "v1");
    const end = await claim(join(base, ".unbucket/tmp", claimPath("d/k")));
    const deleted = store.delete(K("d/k"), {});
    await expect.poll(() => opened).toContain(join(base, "d"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await rm(join(base, "d"), { recursive: true });
    await mkdir(join(base, "d"));
    await writeFile(join(base, "d/k"), "v2");
    await end();
    await deleted;
    expect(await store.head(K("d/k"), {})).toBeNull();
  });

  it("Windows: leaves nothing of what it gave another name first", async () => {
    const { put, store, files } = await folder();
    await put("a/b", "x", { metadata: { x: "y" } });
    await put("a", "x");
    onPlatform("win32");
    for (const key of ["a/b", "a", "gone"]) await store.delete(K(key), {});
    expect(await files()).toEqual([".unbucket/version"]);
  });

  it("L17: takes record and empty folders along, keeps the root and what others keep", async () => {
    const { base, put, store, files } = await folder();
    await mkdir(join(base, "a/kept"), { recursive: true });
    await put("a/b/c/d", "", { metadata: { x: "y" } });
    await put("x", "");
    await store.delete(K("a/b/c/d"), {});
    await store.delete(K("x"), {});
    expect((await readdir(base, { recursive: true })).filter((path) => !path.startsWith(".unbucket")).sort()).toEqual([
      "a",
      "a/kept",
    ]);
    expect(await files()).toEqual([".unbucket/version"]);
  });

  it("L17: of what is absent leaves an empty folder that others have made", async () => {
    const { base, store } = await folder({ durable: true });
    await mkdir(join(base, "a/empty"), { recursive: true });
    await store.delete(K("a/empty/k"), {});
    expect(await store.deleteMany?.(["a/empty/k", "a/empty/l"].map(K), {})).toEqual([]);
    expect(await readdir(join(base, "a"))).toEqual(["empty"]);
  });

  it("L18: leaves no record of what is gone, also when the key is written again meanwhile, or the rest is aborted", async () => {
    const { put, store, files } = await folder();
    const records = async () => (await files()).filter((file) => file.includes("/meta/"));
    await put("k", "", { metadata: { n: "" } });
    for (let n = 1; n <= 20; n++)
      await Promise.all([store.delete(K("k"), {}), put("k", "x".repeat(n), { metadata: { n: `${n}` } })]);
    await store.delete(K("k"), {});
    expect(await records()).toEqual([]);
    const keys = Array.from({ length: 40 }, (_, n) => `d/${n}`);
    for (const key of keys) await put(key, key, { metadata: { key } });
    const control = new AbortController();
    const deleted = store.deleteMany?.(keys.map(K), { signal: control.signal });
    while (calls.link < 12) await new Promise(setImmediate);
    control.abort();
    await deleted?.catch(() => {});
    const left = (await files()).filter((file) => file.startsWith("d/"));
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(40);
    expect(await records()).toHaveLength(left.length);
  });

  it("L18: keeps the record of what a power cut may bring back, since its folder was not flushed", async () => {
    const { base, put, store, files } = await folder({ durable: true });
    await put("k", "x", { metadata: { a: "b" } });
    opening.at = (path) => {
      if (path === base && !existsSync(join(base, "k"))) throw Object.assign(new Error("no disk"), { code: "EIO" });
    };
    const failed = await store.deleteMany?.([K("k")], {}).finally(() => (opening.at = undefined));
    expect(failed).toMatchObject([{ key: "k", error: { code: "ambiguous" } }]);
    expect((await files()).filter((file) => file.includes("/meta/"))).toHaveLength(1);
  });

  it("L18: keeps the record that could be that of a version which another process has written meanwhile", async () => {
    const { base, put, text, store, files } = await folder({ durable: true });
    const records = async (): Promise<number> => (await files()).filter((file) => file.includes("/meta/")).length;
    for (const [body, left] of [
      ["new", 1],
      ["newer", 0],
    ] as const) {
      await put("k", "old", { metadata: { a: "b" } });
      const { mtime } = await stat(join(base, "k"));
      opening.at = (path) => {
        if (path !== base || existsSync(join(base, "k"))) return;
        writeFileSync(join(base, "k"), body);
        utimesSync(join(base, "k"), mtime, mtime);
      };
      await store.delete(K("k"), {}).finally(() => (opening.at = undefined));
      expect([await text("k"), await records()]).toEqual([body, left]);
    }
  });

  it("L18: succeeds where nobody can tell whether a record is needed, which then is for the sweep", async () => {
    const { base, put, store, files } = await folder();
    await put("k", "x", { metadata: { a: "b" } });
    looking.at = async (path) => {
      if (path === join(base, "k") && !existsSync(path)) throw Object.assign(new Error("no disk"), { code: "EIO" });
    };
    await store.delete(K("k"), {}).finally(() => (looking.at = undefined));
    expect((await files()).filter((file) => file.includes("/meta/"))).toHaveLength(1);
  });

  it("L9, L26: of what is absent behind a link or a pipe it flushes neither", async () => {
    const { base, store, put } = await folder({ durable: true });
    await put("k", "");
    const outside = await emptyFolder();
    await mkdir(join(outside, "deep"));
    await symlink(outside, join(base, "linked"));
    execFileSync("mkfifo", [join(base, "pipe")]);
    for (const key of ["linked/x", "linked/deep/x", "pipe/x"]) {
      opened.length = 0;
      await store.delete(K(key), {});
      // What is flushed is opened last.
      expect(opened.at(-1), key).toBe(base);
    }
  });

  it("L12: succeeds for what is absent, a folder, below a file, and in a folder that does not exist", async () => {
    const { base, put, store, keys } = await folder();
    await put("dir/file", "");
    for (const key of ["absent", "dir", "dir/", "dir/file/below", "x".repeat(1000)]) await store.delete(K(key), {});
    expect(await keys()).toEqual(["dir/file"]);
    await (await folder({ base: join(base, "missing") })).store.delete(K("k"), {});
  });

  it("L9: leaves links and what they lead to", async () => {
    const { base, store } = await folder();
    const outside = await emptyFolder();
    await writeFile(join(outside, "canary"), "");
    await symlink(outside, join(base, "dir"));
    await symlink(join(outside, "canary"), join(base, "file"));
    for (const key of ["dir/canary", "dir", "file"]) await store.delete(K(key), {});
    expect([await readdir(outside), (await readdir(base)).sort()]).toEqual([["canary"], ["dir", "file"]]);
  });

  it("removes an older file that an interrupted write has left, with the one that counts", async () => {
    const { base, put, store, text } = await folder();
    await put("a", "plain");
    await mkdir(join(base, ".unbucket/keys"), { recursive: true });
    await writeFile(join(base, ".unbucket/keys/a="), "older");
    expect(await text("a")).toBe("plain");
    await store.delete(K("a"), {});
    expect(await text("a")).toBe(null);
  });

  it("flushes that an older file is gone before the one that counts goes, or that one could show again", async () => {
    const { base, put, store } = await folder({ durable: true });
    await put("a", "plain");
    const older = join(base, ".unbucket/keys/a=");
    await mkdir(join(base, ".unbucket/keys"), { recursive: true });
    await writeFile(older, "older");
    const between: string[] = [];
    opening.at = (path) => {
      if (existsSync(join(base, "a")) && !existsSync(older)) between.push(path);
    };
    await store.delete(K("a"), {}).finally(() => (opening.at = undefined));
    expect(between).toEqual([join(base, ".unbucket/keys")]);
  });

  it("of many keys opens, and tries to remove, each folder once, and makes one file for all claims", async () => {
    const { put, store, keys, files } = await folder();
    const names = ["a", "b"].flatMap((name) => Array.from({ length: 20 }, (_, index) => `${name}/${index}`));
    for (const key of [...names, "a/kept"]) await put(key, "");
    Object.assign(calls, { open: 0, link: 0, symlink: 0, rmdir: 0 });
    expect(await store.deleteMany?.(names.map(K), {})).toEqual([]);
    expect(calls).toEqual({ open: 3, link: 40, symlink: 0, rmdir: 2 });
    expect([await keys(), await files()]).toEqual([["a/kept"], [".unbucket/version", "a/kept"]]);
  });

  it("of many keys goes on beside one that another process is writing, and waits for that", async () => {
    const { base, put, store, keys, files } = await folder();
    const names = Array.from({ length: 20 }, (_, index) => `a/${index}`);
    for (const key of names) await put(key, "");
    const end = await claim(join(base, ".unbucket/tmp", claimPath("a/7")));
    const deleted = store.deleteMany?.(names.map(K), {});
    await expect.poll(() => keys()).toEqual(["a/7"]);
    await put("a/1", "written meanwhile");
    await end();
    expect(await deleted).toEqual([]);
    expect([await keys(), await files()]).toEqual([["a/1"], [".unbucket/version", "a/1"]]);
  });

  it("of one key or many ends with the signal's reason while it waits for another process", async () => {
    const { base, put, store, keys, files } = await folder();
    const names = Array.from({ length: 20 }, (_, index) => `a/${index}`);
    for (const key of names) await put(key, "");
    const end = await claim(join(base, ".unbucket/tmp", claimPath("a/7")));
    const reason = new Error("stop");
    for (const run of [
      (call: CallOptions) => store.deleteMany?.(names.map(K), call),
      (call: CallOptions) => store.delete(K("a/7"), call),
    ]) {
      const controller = new AbortController();
      const deleted = failure(Promise.resolve(run({ signal: controller.signal })));
      await expect.poll(() => keys()).toEqual(["a/7"]);
      controller.abort(reason);
      expect(await deleted).toBe(reason);
    }
    await end();
    expect(await files()).toEqual([".unbucket/version", "a/7"]);
  });
});
