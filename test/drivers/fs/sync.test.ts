import type * as FsPromises from "node:fs/promises";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { emptyFolder, failure, folder, K } from "./folder.ts";

const calls = vi.hoisted(() => ({ list: [] as string[], base: "", failing: "" }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const short = (path: unknown): string =>
    String(path)
      .replace(calls.base, "")
      .replace(/tmp\/[0-9a-f]+|meta\/.*/, (found) => found.slice(0, 4));
  return {
    ...fs,
    open: async (path: string, ...rest: [string?, number?]) => {
      const handle = await fs.open(path, ...rest);
      const sync = handle.sync.bind(handle);
      handle.sync = () => {
        calls.list.push(`sync ${short(path)}`);
        if (path !== calls.failing) return sync();
        return Promise.reject(Object.assign(new Error("injected"), { code: "EIO" }));
      };
      return handle;
    },
    rename: (from: string, to: string) => (calls.list.push(`rename ${short(from)} ${short(to)}`), fs.rename(from, to)),
    unlink: (path: string) => (calls.list.push(`unlink ${short(path)}`), fs.unlink(path)),
  };
});

async function recorded(run: (base: string) => Promise<unknown>): Promise<string[]> {
  const base = await emptyFolder();
  calls.base = base;
  await run(base);
  return calls.list;
}

describe("a durable put", () => {
  it("flushes bytes and record before the rename, then the names, also of a folder that someone else has made", async () => {
    const seen = await recorded(async (base) => {
      await mkdir(join(base, "a"));
      const { put } = await folder({ base, durable: true });
      await put("warm", "");
      calls.list.length = 0;
      await put("a/b", "x", { metadata: { k: "v" } });
      expect(await readFile(join(base, "a/b"), "utf8")).toBe("x");
    });
    expect(seen).toEqual([
      "sync /.unbucket/tmp/",
      "sync /.unbucket/tmp/",
      "rename /.unbucket/tmp/ /.unbucket/meta",
      "sync /.unbucket/meta",
      "sync /.unbucket/meta",
      "sync /.unbucket",
      "rename /.unbucket/tmp/ /a/b",
      "sync /a",
      "sync ",
    ]);
  });

  it("flushes the folders above once, and again when they have been made anew", async () => {
    const seen = await recorded(async (base) => {
      const { put, store } = await folder({ base, durable: true });
      await put("a/b/1", "");
      calls.list.length = 0;
      await put("a/b/2", "");
      expect(calls.list).toEqual(["sync /.unbucket/tmp/", "rename /.unbucket/tmp/ /a/b/2", "sync /a/b"]);
      for (const key of ["a/b/1", "a/b/2"]) await store.delete(key as never, {});
      calls.list.length = 0;
      await put("a/b/3", "");
    });
    expect(seen).toEqual(["sync /.unbucket/tmp/", "rename /.unbucket/tmp/ /a/b/3", "sync /a/b", "sync /a", "sync "]);
  });

  it("of a driver with durable false flushes nothing", async () => {
    const seen = await recorded(async (base) => {
      const { put } = await folder({ base, durable: false });
      await put("warm", "");
      calls.list.length = 0;
      await put("a/b", "x", { durable: true });
    });
    expect(seen).toEqual(["rename /.unbucket/tmp/ /a/b"]);
  });
});

/** Runs with a folder that cannot be flushed. */
async function failing<T>(path: string, run: () => Promise<T>): Promise<T> {
  calls.failing = path;
  try {
    return await run();
  } finally {
    calls.failing = "";
  }
}

describe("a flush that fails after a put", () => {
  it.each([[{}], [{ ifNoneMatch: "*" }]] as const)(
    "with %j is `ambiguous`, and bytes and headers are stored together",
    async (conditions) => {
      const { base, put, text, store, files } = await folder({ durable: true });
      if (!("ifNoneMatch" in conditions)) await put("dir/k", "old", { metadata: { v: "old" } });
      const error = await failing(join(base, "dir"), () =>
        failure(put("dir/k", "new", { metadata: { v: "new" }, ...conditions })),
      );
      expect(error).toMatchObject({ code: "ambiguous", retryable: false, cause: { code: "EIO" } });
      expect(error.message).toContain("stored, but it is not known whether it survives a power cut");
      expect(await text("dir/k")).toBe("new");
      expect((await store.head(K("dir/k"), {}))?.metadata).toEqual({ v: "new" });
      expect((await files()).filter((file) => file.includes("/tmp/"))).toEqual([]);
    },
  );

  it("does not follow from the record's flush, whose failure leaves the old object and no other record", async () => {
    const { base, put, text, store, files } = await folder({ durable: true });
    await put("k", "old", { metadata: { v: "old" } });
    const before = await files();
    const record = before.find((file) => file.includes("/meta/")) as string;
    const at = record.slice(0, record.lastIndexOf("/"));
    const error = await failing(join(base, at), () => failure(put("k", "new", { metadata: { v: "new" } })));
    expect(error.code).toBe("unknown");
    expect(await text("k")).toBe("old");
    expect((await store.head(K("k"), {}))?.metadata).toEqual({ v: "old" });
    expect(await files()).toEqual(before);
  });
});
