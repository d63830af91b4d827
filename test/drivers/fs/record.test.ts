import type * as FsPromises from "node:fs/promises";
import { readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { emptyFolder, failure, filesBelow, folder, K } from "./folder.ts";

/** Files that no one may remove, by a part of their path. */
const stuck = vi.hoisted(() => ({ part: "" }));

vi.mock("../../../drivers/fs/calls.ts", () => import("./by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  return {
    ...fs,
    unlink: async (path: string) => {
      const file = await fs.realpath(path).catch(() => path);
      if (stuck.part !== "" && file.includes(stuck.part))
        throw Object.assign(new Error("injected"), { code: "EACCES" });
      return fs.unlink(path);
    },
  };
});

describe("dropRecord", () => {
  it("fails neither the write that has happened nor the delete, and the new version has its own headers", async () => {
    const { put, store, files } = await folder();
    onTestFinished(() => void (stuck.part = ""));
    await put("k", "old", { metadata: { v: "old" } });
    stuck.part = "/meta/";
    expect(await put("k", "new")).toMatchObject({ size: 3 });
    expect((await store.head(K("k"), {}))?.metadata).toBeUndefined();
    await put("k", "again", { metadata: { v: "again" } });
    expect(await store.head(K("k"), {})).toMatchObject({ size: 5, metadata: { v: "again" } });
    await store.delete(K("k"), {});
    expect(await store.head(K("k"), {})).toBe(null);
    expect((await files()).filter((file) => file.includes("/meta/"))).toHaveLength(2);
  });

  it("nor does an older file that cannot be removed: the new one counts, and a delete says that it is left", async () => {
    const { put, text, store, keys } = await folder();
    onTestFinished(() => void (stuck.part = ""));
    await put("a", "1");
    await put("a/b", "old");
    await store.delete(K("a"), {});
    stuck.part = "/keys/";
    expect(await put("a/b", "new")).toMatchObject({ size: 3 });
    expect([await text("a/b"), await keys()]).toEqual(["new", ["a/b"]]);
    expect((await failure(store.delete(K("a/b"), {}))).code).toBe("denied");
    stuck.part = "";
    await store.delete(K("a/b"), {});
    expect(await text("a/b")).toBe(null);
  });
});

describe("placeRecord", () => {
  it("records only what key and file do not tell, and keeps one record per object", async () => {
    const { base, put, files } = await folder();
    await put("a.txt", "1", { contentType: "text/plain" });
    await put("b", "1", { contentType: "application/octet-stream", metadata: {} });
    expect((await files()).filter((file) => file.includes("/meta/"))).toEqual([]);
    for (let count = 0; count < 5; count++) await put("a.txt", `${count}`, { cacheControl: "no-store" });
    const records = (await files()).filter((file) => file.includes("/meta/"));
    expect(records).toHaveLength(1);
    expect(JSON.parse(await readFile(join(base, records[0] as string), "utf8"))).toEqual({
      key: "a.txt",
      cacheControl: "no-store",
    });
    await put("a.txt", "plain again");
    expect((await files()).filter((file) => file.includes("/meta/"))).toEqual([]);
  });

  it("L9: reads, writes and removes no record through a link in the place of their folder", async () => {
    const { base, put, store, text } = await folder();
    for (const key of ["k", "plain"]) await put(key, "old", { metadata: { v: "old" } });
    const outside = join(await emptyFolder(), "meta");
    await rename(join(base, ".unbucket/meta"), outside);
    await symlink(outside, join(base, ".unbucket/meta"));
    const before = await filesBelow(outside);
    expect(before).toHaveLength(2);
    expect(await store.head(K("k"), {})).not.toHaveProperty("metadata");
    expect(await failure(put("k", "new", { metadata: { v: "new" } }))).toMatchObject({ code: "denied" });
    expect(await text("k")).toBe("old");
    await put("plain", "new");
    await store.delete(K("k"), {});
    expect(await filesBelow(outside)).toEqual(before);
  });

  it("S20: keeps names of metadata that mean something to JavaScript", async () => {
    const { put, store } = await folder();
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b","to-json":"ü"}') as Record<string, string>;
    const info = await put("k", "", { metadata });
    const copied = await store.copy?.(K("k"), K("copy"), {});
    for (const given of [info, await store.head(K("k"), {}), (await store.get(K("k"), {}))?.info, copied]) {
      expect(Object.entries(given?.metadata ?? {})).toEqual(Object.entries(metadata));
      // Or a name that is not there would have a value, such as `toString`.
      expect(Object.getPrototypeOf(given?.metadata)).toBe(null);
    }
  });
});

describe("readRecord", () => {
  it.each([
    "",
    "{",
    "[]",
    '{"key":"other"}',
    '{"key":"k","contentType":1}',
    '{"key":"k","metadata":{"a":1}}',
    '{"key":"k","uploadId":1}',
  ])("rejects `corrupt` for the record %j, which a new upload and a delete mend", async (text) => {
    const { base, put, store, files } = await folder();
    await put("k", "1", { metadata: { a: "b" } });
    const record = (await files()).find((file) => file.includes("/meta/")) as string;
    await writeFile(join(base, record), text);
    expect((await failure(store.get(K("k"), {}))).code).toBe("corrupt");
    expect((await failure(store.head(K("k"), {}))).code).toBe("corrupt");
    await put("k", "2");
    expect((await store.head(K("k"), {}))?.size).toBe(1);
    await store.delete(K("k"), {});
    expect(await files()).toEqual([".unbucket/version"]);
  });
});
