import { expect, test } from "vitest";
import memory from "../../drivers/memory.ts";

test("scoped speaks of keys relative to its prefix, in results and in errors", async () => {
  const store = memory();
  const scope = store.scoped("users/7/");
  expect((await scope.upload("a.txt", "1")).key).toBe("a.txt");
  expect(await store.exists("users/7/a.txt")).toBe(true);
  await expect(scope.download("b")).rejects.toMatchObject({ code: "not-found", key: "b" });
  await expect(scope.upload("", "x")).rejects.toMatchObject({ code: "invalid-key" });
});

test.each(["../8/x", "..", "a/../../8/x", "./x"])("scoped refuses %s, which would leave it", async (key) => {
  const store = memory();
  await store.upload("users/8/x", "secret");
  await expect(store.scoped("users/7/").download(key)).rejects.toMatchObject({ code: "invalid-key" });
});

test("scoped within scoped joins both prefixes, and lists only what lies below", async () => {
  const store = memory();
  await store.upload("a/b/c", "1");
  await store.upload("a/bc", "2");
  const deep = store.scoped("a/").scoped("b/");
  const keys: (string | undefined)[] = [];
  for await (const entry of deep.list()) keys.push(entry.key);
  expect(keys).toEqual(["c"]);
  expect(await deep.deletePrefix("c")).toBe(1);
  expect(await store.exists("a/bc")).toBe(true);
});

test("scoped does not take an empty prefix", () => {
  expect(() => memory().scoped("")).toThrow(/prefix must not be empty/);
});
