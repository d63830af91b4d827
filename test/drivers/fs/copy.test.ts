import type * as FsPromises from "node:fs/promises";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { failure, folder, K, UGLY_KEYS } from "./folder.ts";

/** What happens once, when a file has been copied. */
const copied = vi.hoisted(() => ({ then: async (): Promise<void> => {} }));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  return {
    ...fs,
    copyFile: async (...args: Parameters<typeof fs.copyFile>) => {
      await fs.copyFile(...args);
      const { then } = copied;
      copied.then = async () => {};
      await then();
    },
  };
});

describe("copy", () => {
  it("takes bytes and headers along, between keys of any kind", async () => {
    const { put, text, store } = await folder();
    const headers = { contentType: "a/b", cacheControl: "no-store", metadata: { k: "v" } };
    for (const from of UGLY_KEYS.slice(0, 12)) {
      await put(from, from, headers);
      expect(await store.copy?.(K(from), K(`copies/${from}`), {})).toMatchObject({ ...headers, key: `copies/${from}` });
      expect(await text(`copies/${from}`)).toBe(from);
      expect(await store.head(K(`copies/${from}`), {})).toMatchObject(headers);
    }
  });

  it("keeps the source's type under a name that says otherwise", async () => {
    const { put, store } = await folder();
    await put("a.txt", "x");
    expect(await store.copy?.(K("a.txt"), K("a.png"), {})).toMatchObject({ contentType: "text/plain" });
    expect(await store.head(K("a.png"), {})).toMatchObject({ contentType: "text/plain" });
  });

  it("gives null without a source, and only copies the version that ifMatch names", async () => {
    const { put, store, files } = await folder();
    expect(await store.copy?.(K("none"), K("to"), {})).toBe(null);
    const { etag } = await put("from", "1");
    await put("from", "2");
    const error = await failure(store.copy?.(K("from"), K("to"), { ifMatch: etag }) ?? Promise.resolve());
    expect(error.code).toBe("precondition-failed");
    expect(await files()).toEqual([".unbucket/version", "from"]);
  });

  it("with ifNoneMatch only creates, and copies no byte for nothing", async () => {
    const { put, store, files, text } = await folder();
    for (const to of ["to", "to/"]) {
      await put("from", "new");
      await put(to, "kept");
      const before = await files();
      const copying = store.copy?.(K("from"), K(to), { ifNoneMatch: "*" }) ?? Promise.resolve();
      expect(await failure(copying)).toMatchObject({ code: "precondition-failed", key: to });
      expect([await text(to), await files()]).toEqual(["kept", before]);
    }
    expect(await store.copy?.(K("from"), K("new"), { ifNoneMatch: "*" })).toMatchObject({ key: "new", size: 3 });
  });

  it("of twenty copies that only create one wins, and the others leave nothing", async () => {
    const { put, store, files, text } = await folder();
    const names = Array.from({ length: 20 }, (_, at) => `from${at}`);
    for (const name of names) await put(name, name, { metadata: { name } });
    const before = await files();
    const made = await Promise.allSettled(names.map((name) => store.copy?.(K(name), K("to"), { ifNoneMatch: "*" })));
    const winners = names.filter((_, at) => made[at]?.status === "fulfilled");
    expect(winners).toEqual([await text("to")]);
    expect((await store.head(K("to"), {}))?.metadata).toEqual({ name: winners[0] });
    expect(await files()).toHaveLength(before.length + 2);
  });

  it("onto itself keeps the object, as a new version", async () => {
    const { base, put, store } = await folder();
    const { etag } = await put("k", "x", { metadata: { a: "b" } });
    const copied = await store.copy?.(K("k"), K("k"), {});
    expect(copied?.etag).not.toBe(etag);
    expect(await store.head(K("k"), {})).toMatchObject({ metadata: { a: "b" } });
    expect(await readFile(join(base, "k"), "utf8")).toBe("x");
  });

  it("is whole and of one version while its source is replaced", async () => {
    const { put, store, text } = await folder();
    await put("from", "00", { metadata: { n: "0" } });
    const state = { writing: true };
    const copies = (async () => {
      let count = 0;
      for (; state.writing; count++) {
        const info = await store.copy?.(K("from"), K("to"), {});
        expect(Number(await text("to"))).toBe(Number(info?.metadata?.["n"]));
      }
      return count;
    })();
    for (let n = 1; n < 60; n++) await put("from", `${n}`.padStart(2, "0"), { metadata: { n: `${n}` } });
    state.writing = false;
    expect(await copies).toBeGreaterThan(3);
  });

  it.each(["new bytes", "more new bytes"])(
    "is made anew when its source is written into meanwhile, to %j",
    async (now) => {
      const { base, put, store, text, files } = await folder();
      await put("from", "the bytes");
      copied.then = async () => writeFile(join(base, "from"), now);
      await store.copy?.(K("from"), K("to"), {});
      expect([await text("to"), await files()]).toEqual([now, [".unbucket/version", "from", "to"]]);
    },
  );
});
