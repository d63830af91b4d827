import type * as FsPromises from "node:fs/promises";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { emptyFolder, folder } from "./folder.ts";

const calls = vi.hoisted(() => ({ list: [] as string[], base: "" }));

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
      handle.sync = () => (calls.list.push(`sync ${short(path)}`), sync());
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
