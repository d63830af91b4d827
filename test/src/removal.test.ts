import { expect, test } from "vitest";
import type { Backend, Key, ListPage } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { deleteAll, deleteBelow } from "../../src/removal.ts";

/** A backend of keys alone; those in `stuck` cannot be deleted. */
function keysOnly(keys: Set<string>, stuck: ReadonlySet<string> = new Set()): Backend {
  return {
    delete: async (key: Key) => {
      if (stuck.has(key)) throw new StorageError("denied", "locked");
      keys.delete(key);
    },
    list: async ({ prefix }: { prefix: string }) => ({
      objects: [...keys].filter((key) => key.startsWith(prefix)).map((key) => ({ key, size: 0, etag: '"e"' })),
      prefixes: [],
    }),
  } as unknown as Backend;
}

test("deleteAll names what is gone and what is not, each with its error", async () => {
  const keys = new Set(["a", "b", "c"]);
  const failed = deleteAll(keysOnly(keys, new Set(["b"])), ["a", "b", "c"] as Key[], {});
  await expect(failed).rejects.toMatchObject({
    code: "partial",
    deleted: ["a", "c"],
    errors: [{ key: "b", error: { code: "denied", key: "b" } }],
  });
  expect([...keys]).toEqual(["b"]);
});

test("deleteAll of nothing asks nobody", async () => {
  await expect(deleteAll({} as Backend, [], {})).resolves.toBeUndefined();
});

test("deleteBelow deletes what starts with the prefix, and nothing beside it", async () => {
  const keys = new Set(["foo/1", "foobar", "foo/2", "fo"]);
  expect(await deleteBelow(keysOnly(keys), "foo/", {})).toBe(2);
  expect([...keys]).toEqual(["foobar", "fo"]);
});

test("deleteBelow stops between pages when it is aborted", async () => {
  const reason = new Error("enough");
  const aborted = AbortSignal.abort(reason);
  await expect(deleteBelow(keysOnly(new Set(["a"])), "a", { signal: aborted })).rejects.toBe(reason);
});

test("deleteBelow ends where the store lists what it says is deleted", async () => {
  let passes = 0;
  const object = { key: "a", size: 1, etag: '"e"' };
  const list = async (): Promise<ListPage> => ({ objects: passes++ < 50 ? [object] : [], prefixes: [] });
  const stuck = deleteBelow({ ...keysOnly(new Set()), list } as Backend, "a", {});
  await expect(stuck).rejects.toMatchObject({ code: "unavailable", key: "a" });
  expect(passes).toBeLessThan(6);
});

test("deleteBelow goes on for as long as each listing brings other keys, as where one object hides the next", async () => {
  const keys = new Set(["a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e", "a/b/c/d/e/f"]);
  const backend = keysOnly(keys);
  const list: Backend["list"] = async (options) => {
    const page = await backend.list(options);
    return { ...page, objects: page.objects.slice(0, 1) };
  };
  expect(await deleteBelow({ ...backend, list }, "a", {})).toBe(6);
  expect(keys.size).toBe(0);
});
