import { createStorage, prefixStorage } from "unstorage";
import { expect, onTestFinished, test, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { objects } from "../../src/mounts.ts";

test("memory gives back what was uploaded, by bytes, text and range", async () => {
  const store = memory();
  const info = await store.upload("a/b.txt", "hello world", { metadata: { By: "me" } });
  expect(info).toMatchObject({
    key: "a/b.txt",
    size: 11,
    contentType: "text/plain",
    metadata: { by: "me" },
    url: null,
  });
  expect(await (await store.download("a/b.txt")).text()).toBe("hello world");
  const part = await store.download("a/b.txt", { range: { suffix: 5 } });
  expect(part.range).toEqual({ start: 6, end: 10 });
  expect(await part.text()).toBe("world");
});

test("memory deletes what a move has copied, and nothing else", async () => {
  const backend = await memory().getInstance();
  const put = (text: string) => backend.put("k" as never, { bytes: new TextEncoder().encode(text) }, {});
  const { etag } = await put("v1");
  const { etag: now } = await put("v2");
  const other = backend.delete("k" as never, { ifMatch: etag });
  await expect(other).rejects.toMatchObject({ code: "precondition-failed" });
  expect(await backend.head("k" as never, {})).toMatchObject({ etag: now });
  for (let times = 0; times < 2; times++) await backend.delete("k" as never, { ifMatch: now });
  expect(await backend.head("k" as never, {})).toBe(null);
});

test("memory copies what it is given and what it gives", async () => {
  const store = memory();
  const bytes = new Uint8Array([1, 2, 3]);
  await store.upload("k", bytes);
  bytes[0] = 9;
  const read = await (await store.download("k")).bytes();
  expect([...read]).toEqual([1, 2, 3]);
  read[0] = 9;
  expect([...(await (await store.download("k")).bytes())]).toEqual([1, 2, 3]);
});

test("memory pages with a delimiter name each prefix once", async () => {
  const store = memory();
  for (const key of ["a", "b/1", "b/2", "c", "d/1"]) await store.upload(key, key);
  const seen: string[] = [];
  for await (const page of store.list({ delimiter: "/", limit: 1 }).pages()) {
    seen.push(...page.objects.map((object) => object.key), ...page.prefixes);
  }
  expect(seen).toEqual(["a", "b/", "c", "d/"]);
});

test("objects finds the memory driver behind mounts and prefixes", async () => {
  const storage = createStorage();
  const uploads = memory();
  storage.mount("uploads", uploads);
  await objects(storage).upload("uploads:x//y?z", "1");
  expect(await uploads.exists("x//y?z")).toBe(true);
  const avatars = objects(prefixStorage(storage, "uploads:avatars"));
  await avatars.upload("1.jpg", "j");
  expect((await uploads.head("avatars/1.jpg"))?.contentType).toBe("image/jpeg");
  expect(await (await objects(storage).download("uploads:avatars/1.jpg")).text()).toBe("j");
  await expect(objects(storage).upload("elsewhere", "x")).rejects.toMatchObject({ code: "unsupported" });
});

test.each([null, { publicURL: "/x" }, { publicUrl: null }, { publicUrl: 3 }, { publicUrl: "cdn" }, { onEvent: 3 }])(
  "memory refuses the options %j at its first call",
  async (options) => {
    const driver = memory(options as object);
    await expect(driver.head("k")).rejects.toMatchObject({ code: "invalid-option", operation: "open" });
  },
);

test("memory updates under a test runner's timers, also where the function does not read the body", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const store = memory();
  await store.upload("k", "v1");
  await store.update("k", () => "v2");
  expect(await (await store.download("k")).text()).toBe("v2");
});
