import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Backend, ListPage, ListPageOptions } from "../../../src/backend.ts";
import { openBelow } from "../../support/descriptors.ts";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import { allKeys, emptyFolder, failure, folder, K, onPlatform, seeded, uglyKey } from "./folder.ts";

/** How many folders were read, and what happens once one was. */
const read = vi.hoisted(() => ({ folders: 0, after: (): void => {} }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const readdir = async (...args: Parameters<typeof fs.readdir>) => {
    read.folders++;
    const entries = await fs.readdir(...args);
    read.after();
    return entries;
  };
  return { ...fs, readdir };
});
beforeEach(() => Object.assign(read, { folders: 0, after: () => {} }));

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe("list", () => {
  it("L27: is in the order of UTF-8 bytes over both trees, for keys beyond U+FFFF too", async () => {
    const { put, keys } = await folder();
    const written = ["\uffff", "😀", "\ue000", "a", "a.txt", "a/b", "a0", "a//b", "B", "é", ":", "z:", "a:", "a/"];
    for (const key of written) await put(key, "");
    expect(await keys()).toEqual([...written].sort(byBytes));
  });

  it("gives each key once over pages of any size, whatever the keys are", async () => {
    const { put, store } = await folder();
    const random = seeded(11);
    const written = [...new Set(Array.from({ length: 150 }, () => uglyKey(random)))];
    for (const key of written) await put(key, "");
    const expected = [...written].sort(byBytes);
    for (const limit of [1, 7, 1000]) expect(await allKeys(store, "", limit)).toEqual(expected);
  });

  it("L28: honours every prefix exactly, within a segment and within a piece", async () => {
    const { put, keys } = await folder();
    const written = [
      "a",
      "ab",
      "a/b",
      "a/bc/d",
      "abc/d",
      "a*b",
      "a*",
      "{}",
      "[a]/x",
      ":".repeat(45),
      `${":".repeat(100)}x`,
      `${":".repeat(100)}y/z`,
      "é",
      "e\u0301",
    ];
    for (const key of written) await put(key, "");
    const prefixes = [
      "",
      "a",
      "a/",
      "a/b",
      "a/bc/",
      "ab",
      "a*",
      "*",
      "[",
      "{",
      ":",
      ":".repeat(45),
      ":".repeat(46),
      ":".repeat(90),
      ":".repeat(101),
      `${":".repeat(100)}y/`,
      "e",
      "x",
      "a//",
      "/",
      ".unbucket/",
      "nul\0",
    ];
    for (const prefix of prefixes) {
      expect(await keys(prefix), prefix).toEqual(written.filter((key) => key.startsWith(prefix)).sort(byBytes));
    }
  });

  it("groups by delimiter as a plain count over all keys does, in pages of any size", async () => {
    const { put, store } = await folder();
    const random = seeded(5);
    const written = [
      ...new Set([...Array.from({ length: 120 }, () => uglyKey(random)), "d/1", "d/2", "d.x", "d", "d//", "d/e/f"]),
    ];
    for (const key of written) await put(key, "");
    for (const prefix of ["", "d", "d/", "a", "/", "x"]) {
      const expected = new Set<string>();
      for (const key of [...written].sort(byBytes)) {
        if (!key.startsWith(prefix)) continue;
        const end = key.indexOf("/", prefix.length);
        expected.add(end < 0 ? key : key.slice(0, end + 1));
      }
      for (const limit of [1, 3, 1000]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page: ListPage = await store.list({
            prefix,
            delimiter: "/",
            limit,
            ...(cursor === undefined ? {} : { cursor }),
          });
          expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(limit);
          seen.push(...[...page.objects.map((object) => object.key), ...page.prefixes].sort(byBytes));
          cursor = page.cursor;
        } while (cursor !== undefined);
        expect(seen).toEqual([...expected].sort(byBytes));
      }
    }
  });

  it("pages 1000 files by 7, with the identity that head gives", async () => {
    const { base, store, put } = await folder();
    await Promise.all(Array.from({ length: 1000 }, (_, index) => writeFile(join(base, `f${index}`), "x")));
    const keys = await allKeys(store, "", 7);
    expect(keys).toHaveLength(1000);
    expect(new Set(keys).size).toBe(1000);
    const info = await put("f1", "yy", { contentType: "a/b" });
    expect((await store.list({ prefix: "f1", limit: 1 })).objects[0]).toEqual({
      key: "f1",
      size: 2,
      etag: info.etag,
      lastModified: info.lastModified,
    });
  });

  it("has no cursor on the last page, also when that is full", async () => {
    const { put, store } = await folder();
    for (const key of ["a", "b"]) await put(key, "");
    expect((await store.list({ prefix: "", limit: 2 })).cursor).toBe(undefined);
    expect((await store.list({ prefix: "", limit: 1 })).cursor).toEqual(expect.any(String));
  });

  it("L27: continues after its cursor's key has been deleted", async () => {
    const { put, store } = await folder();
    for (const key of ["a", "b/c", "b/d", "e"]) await put(key, "");
    const { cursor } = await store.list({ prefix: "", limit: 2 });
    for (const key of ["b/c", "b/d"]) await store.delete(K(key), {});
    expect(
      (await store.list({ prefix: "", limit: 9, cursor: cursor as string })).objects.map((object) => object.key),
    ).toEqual(["e"]);
  });

  it.each(["!", "eA", "", "a3Ax=", ...["kother", "xp1"].map((text) => Buffer.from(text).toString("base64url"))])(
    "rejects the foreign cursor %j",
    async (cursor) => {
      const { store } = await folder();
      expect((await failure(store.list({ prefix: "p", limit: 1, cursor }))).code).toBe("invalid-option");
    },
  );

  it("L9, L19, L26: shows files of other programs, and neither links, folders, pipes nor the driver's own", async () => {
    const { base, put, keys, store } = await folder({ ignore: ["*.tmp", "cache"] });
    const outside = await emptyFolder();
    await writeFile(join(outside, "canary"), "");
    await put("own", "", { metadata: { a: "b" } });
    await put("x:y.tmp", "");
    await put("cache/deep//x", "");
    await mkdir(join(base, "empty/folder"), { recursive: true });
    for (const name of ["x:y", "a*b", ".hidden", "note.tmp", "UNBUCK~1"]) await writeFile(join(base, name), name);
    await mkdir(join(base, "cache"), { recursive: true });
    await writeFile(join(base, "cache/1"), "");
    for (const left of ["tmp/left", "keys/%c3="]) await writeFile(join(base, ".unbucket", left), "");
    await symlink(join(outside, "canary"), join(base, "link"));
    await symlink(outside, join(base, "linked"));
    await symlink("nowhere", join(base, "dangling"));
    execFileSync("mkfifo", [join(base, "pipe")]);
    expect(await keys()).toEqual([".hidden", "a*b", "own", "x:y"]);
    expect(await keys("linked/")).toEqual([]);
    expect((await store.list({ prefix: "", delimiter: "/", limit: 99 })).prefixes).toEqual([]);
  });

  it("reads no folder whose keys are left out, have no plain path, or are covered by a prefix that it has given", async () => {
    const { base, put, store } = await folder({ ignore: ["cache"] });
    const long = "x".repeat(60);
    for (const key of ["a/1", "a/b/2", "a/c/3", "z", `:/1${long}`, `:/2${long}`]) await put(key, "");
    await mkdir(join(base, "cache/deep"), { recursive: true });
    const foldersOf = async (options: Partial<ListPageOptions>): Promise<number> => {
      read.folders = 0;
      await store.list({ prefix: "", limit: 99, ...options });
      return read.folders;
    };
    // The root, that of the encoded names, and the folders of three and two keys.
    expect(await foldersOf({})).toBe(2 + 3 + 2);
    expect(await foldersOf({ delimiter: "/" })).toBe(2 + 1 + 1);
    // That of the encoded names alone.
    for (const prefix of ["cache/", "/", "a//"]) expect([prefix, await foldersOf({ prefix })]).toEqual([prefix, 1]);
  });

  it("L9: gives no prefix from behind a link where the system holds no folder", async () => {
    const outside = await emptyFolder();
    await mkdir(join(outside, "canary"));
    await writeFile(join(outside, "canary/1"), "");
    const { base, put, store } = await folder();
    await put("own/1", "");
    await symlink(outside, join(base, "linked"));
    onPlatform("darwin");
    for (const [prefix, prefixes] of [
      ["", ["own/"]],
      ["linked/", []],
    ] as const)
      expect(await store.list({ prefix, delimiter: "/", limit: 9 })).toEqual({ objects: [], prefixes });
  });

  it("prefers the encoded file of a key that another program has stored plainly", async () => {
    const { base, put, text, keys, store } = await folder();
    await writeFile(join(base, "x:y"), "theirs");
    expect(await text("x:y")).toBe("theirs");
    await put("x:y", "ours");
    expect(await text("x:y")).toBe("ours");
    await writeFile(join(base, "x:y"), "theirs");
    expect(await text("x:y")).toBe("ours");
    expect(await keys()).toEqual(["x:y"]);
    await store.delete(K("x:y"), {});
    expect(await keys()).toEqual([]);
  });

  it("L27: skips what is deleted while it lists", async () => {
    const { base, store } = await folder();
    await Promise.all(Array.from({ length: 300 }, (_, index) => writeFile(join(base, `f${index}`), "x")));
    const deletes = Promise.all(Array.from({ length: 300 }, (_, index) => unlink(join(base, `f${index}`))));
    const pages = await Promise.all(Array.from({ length: 5 }, () => store.list({ prefix: "", limit: 1000 })));
    await deletes;
    for (const page of pages) expect(page.objects.length).toBeLessThanOrEqual(300);
    expect((await store.list({ prefix: "", limit: 1000 })).objects).toEqual([]);
  });

  it("L27: fills a page with what comes after the files that went when their folder had been read", async () => {
    const { base, store } = await folder();
    for (const [at, name] of ["a", "b", "c", "d", "e"].entries()) await writeFile(join(base, name), "x".repeat(at));
    read.after = () => ["a", "b"].forEach((name) => rmSync(join(base, name), { force: true }));
    expect((await store.list({ prefix: "", limit: 2 })).objects.map(({ key, size }) => [key, size])).toEqual([
      ["c", 2],
      ["d", 3],
    ]);
  });

  it("says what is wrong with the base", async () => {
    const { base, put, store } = await folder();
    await put("a", "");
    await writeFile(join(base, ".unbucket/version"), "2");
    const listed = (place: string): Promise<ListPage> => fsBackend({ base: place }).list({ prefix: "", limit: 1 });
    expect((await failure(listed(base))).code).toBe("unsupported");
    expect((await failure(listed(join(base, "a")))).code).toBe("invalid-option");
    expect((await store.list({ prefix: "", limit: 1 })).objects).toHaveLength(1);
  });

  it("stops with the signal's reason", async () => {
    const { put, store } = await folder();
    await put("a", "");
    const reason = new Error("stop");
    expect(await failure(store.list({ prefix: "", limit: 1, signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});

describe("list in an iteration", () => {
  /** Its pages, each begun when it is asked for. */
  async function* pagesOf(store: Backend, options: Partial<ListPageOptions>): AsyncGenerator<string[], void, void> {
    const iteration = {};
    let cursor: string | undefined;
    do {
      const page: ListPage = await store.list({ prefix: "", limit: 3, ...options, cursor, iteration });
      cursor = page.cursor;
      yield [...page.objects.map((object) => object.key), ...page.prefixes];
    } while (cursor !== undefined);
  }

  async function rest(pages: AsyncGenerator<string[], void, void>): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of pages) keys.push(...page);
    return keys;
  }

  it("reads each folder once, and has no file open between its pages", async () => {
    const { base, store } = await folder();
    for (const name of ["a", "b", "c"]) {
      await mkdir(join(base, name));
      await Promise.all(Array.from({ length: 20 }, (_, index) => writeFile(join(base, name, `${index}`), "")));
    }
    const keys = await allKeys(store, "", 1000);
    const once = read.folders;
    for (const prefix of ["", "b/"]) {
      read.folders = 0;
      const listed: string[] = [];
      for await (const page of pagesOf(store, { prefix })) {
        listed.push(...page);
        expect(openBelow(base)).toEqual([]);
      }
      expect(listed).toEqual(keys.filter((key) => key.startsWith(prefix)));
      expect(read.folders).toBe(prefix === "" ? once : once - 3);
    }
    read.folders = 0;
    expect(await rest(pagesOf(store, { delimiter: "/", limit: 1 }))).toEqual(["a/", "b/", "c/"]);
    expect(read.folders).toBe(once);
  });

  it("L27: goes on when much is deleted between two pages, or moves to another place", async () => {
    for (const limit of [1, 3, 5]) {
      const { base, put, store } = await folder();
      for (const key of ["a", "b/1", "b/2", "b/3", "b/c/4", "d:/5", "e/6", "f", "g//7"]) await put(key, "");
      const pages = pagesOf(store, { limit });
      const first = (await pages.next()).value as string[];
      await rm(join(base, "b"), { recursive: true });
      await writeFile(join(base, "b"), "a file");
      await rm(join(base, "f"));
      await mkdir(join(base, "f/deep"), { recursive: true });
      await put("b/3", "beside the file, among the encoded names");
      const left = await rest(pages);
      const all = [...first, ...left];
      expect(all).toEqual([...new Set(all)].sort(byBytes));
      // What was there throughout; b/3 was written anew, f has gone.
      expect(all).toEqual(expect.arrayContaining(["a", "d:/5", "e/6", "g//7"]));
      expect(left).not.toContain("f");
    }
  });

  it("does not end when its base is gone or another folder by the end of a page, but rejects", async () => {
    const away = {
      gone: (base: string) => rmSync(base, { recursive: true }),
      moved: (base: string) => renameSync(base, `${base}-moved`),
      "another folder": (base: string) => {
        renameSync(base, `${base}-moved`);
        mkdirSync(base);
      },
      // Its number may be the same.
      "made anew": (base: string) => {
        rmSync(base, { recursive: true });
        mkdirSync(base);
      },
    };
    for (const [by, take] of Object.entries(away))
      for (const prefix of ["", "b/"]) {
        const { base, put, store } = await folder();
        onTestFinished(() => rm(`${base}-moved`, { recursive: true, force: true }));
        const keys = ["a", "b/1", "b/2", "b/c/3", "z"];
        for (const key of keys) await put(key, "");
        const listed = keys.filter((key) => key.startsWith(prefix));
        const isAnother = by.startsWith("an") || by.startsWith("made");
        const text = `the folder that was here is gone, ${isAnother ? "another folder" : "nothing"} is where it was`;
        const failed = expect.objectContaining({
          ...{ code: "unavailable", retryable: true },
          message: expect.stringContaining(text) as string,
        });
        const rejects = async (pages: AsyncGenerator<string[]>): Promise<void> =>
          expect([by, prefix, await failure(rest(pages))]).toEqual([by, prefix, failed]);
        // While the only page is made.
        read.after = () => {
          read.after = () => {};
          take(base);
        };
        await rejects(pagesOf(store, { prefix }));
        // What is not there before it begins is an empty list, as before the first write.
        expect(await rest(pagesOf(store, { prefix }))).toEqual([]);

        await rm(base, { recursive: true, force: true });
        await rm(`${base}-moved`, { recursive: true, force: true });
        for (const key of keys) await put(key, "");
        const pages = pagesOf(store, { prefix, limit: 2 });
        expect((await pages.next()).value).toEqual(listed.slice(0, 2));
        const { cursor } = await store.list({ prefix, limit: 2 });
        take(base);
        await rejects(pages);
        // By the cursor alone nothing tells of another folder.
        const alone = store.list({ prefix, limit: 2, cursor: cursor as string }).catch((error: unknown) => error);
        expect(await alone).toEqual(isAnother ? { objects: [], prefixes: [] } : failed);
        // A write makes it again.
        await put("new", "");
        expect(await rest(pagesOf(store, {}))).toEqual(["new"]);
      }
  });

  it("ends in a base of which the last object was deleted", async () => {
    const { put, store } = await folder();
    for (const key of ["a/1", "b//2"]) await put(key, "");
    const pages = pagesOf(store, { limit: 1 });
    await pages.next();
    await store.deleteMany?.(["a/1", "b//2"].map(K), {});
    expect(await rest(pages)).toEqual([]);
    expect(await rest(pagesOf(store, {}))).toEqual([]);
  });

  it("L9: tells nothing of what lies behind a link that takes a folder's place between two pages", async () => {
    const outside = await emptyFolder();
    for (const limit of [1, 2, 3, 4]) {
      const { base, put, store } = await folder();
      for (const key of ["a/1", "a/2", "b/3", "b/c/4", "b/c/5", "z"]) {
        await put(key, "");
        await mkdir(join(outside, key, ".."), { recursive: true });
        await writeFile(join(outside, key), "canary");
      }
      const pages = pagesOf(store, { limit });
      await pages.next();
      for (const name of ["a", "b"]) {
        await rename(join(base, name), join(base, `.${name}`));
        await symlink(join(outside, name), join(base, name));
      }
      expect((await rest(pages)).filter((key) => !key.startsWith("."))).toEqual(["z"]);
    }
  });

  it("gives an object as it is when its page is made", async () => {
    const { put, store } = await folder();
    for (const key of ["a", "b", "c"]) await put(key, "");
    const iteration = {};
    const { cursor } = await store.list({ prefix: "", limit: 1, iteration });
    const info = await put("b", "longer");
    const page = await store.list({ prefix: "", limit: 1, iteration, cursor: cursor as string });
    expect(page.objects).toMatchObject([{ key: "b", size: 6, etag: info.etag }]);
  });

  it("begins at the cursor after a page that failed, and at that of another page", async () => {
    let isBroken = false;
    const ignore = (): boolean => {
      if (isBroken) throw new Error("broken");
      return false;
    };
    const { put, store } = await folder({ ignore });
    for (const key of ["a", "b", "c", "d"]) await put(key, "");
    const iteration = {};
    const from = async (cursor: string | undefined, signal?: AbortSignal): Promise<ListPage> =>
      store.list({ prefix: "", limit: 1, iteration, ...(cursor ? { cursor } : {}), ...(signal ? { signal } : {}) });
    const first = await from(undefined);
    const reason = new Error("stop");
    expect(await failure(from(first.cursor, AbortSignal.abort(reason)))).toBe(reason);
    isBroken = true;
    expect((await failure(from(first.cursor))).code).toBe("invalid-option");
    isBroken = false;
    const second = await from(first.cursor);
    expect(second.objects[0]?.key).toBe("b");
    await put("b0", "");
    for (const again of [1, 2])
      expect([again, (await from(second.cursor)).objects[0]?.key]).toEqual([again, ["c", "b0"][again - 1]]);
    expect((await from(first.cursor)).objects[0]?.key).toBe("b");
    expect((await from(undefined)).objects[0]?.key).toBe("a");
    for (const again of [1, 2])
      expect([again, (await store.list({ prefix: "", limit: 9, iteration })).objects.length]).toEqual([again, 5]);
  });
});
