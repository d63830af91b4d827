import { describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { locate, StorageError } from "../../src/error.ts";
import { scoped } from "../../src/scoped.ts";
import { everyVerb } from "../support/every-verb.ts";

async function all(list: AsyncIterable<{ key?: string | undefined; prefix?: string | undefined }>): Promise<unknown[]> {
  const seen = [];
  for await (const entry of list) seen.push(entry.key ?? entry.prefix);
  return seen;
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

describe("scoped", () => {
  it("puts its prefix before keys and takes it off results", async () => {
    const store = memory();
    const users = scoped(store, "users/");
    expect((await users.upload("1/a.txt", "x")).key).toBe("1/a.txt");
    expect(await store.exists("users/1/a.txt")).toBe(true);
    expect((await users.head("1/a.txt"))?.key).toBe("1/a.txt");
    expect(await (await users.download("1/a.txt")).text()).toBe("x");
    expect((await users.copy("1/a.txt", "2/b.txt")).key).toBe("2/b.txt");
    expect((await users.move("2/b.txt", "2/c.txt")).key).toBe("2/c.txt");
    expect(await all(users.list())).toEqual(["1/a.txt", "2/c.txt"]);
    expect(await all(users.list({ delimiter: "/" }))).toEqual(["1/", "2/"]);
    expect(await all(users.list({ prefix: "2/" }))).toEqual(["2/c.txt"]);
    expect(await all(users.scoped("1/").list())).toEqual(["a.txt"]);
    await users.delete(["1/a.txt", "none"]);
    expect(await users.exists("1/a.txt")).toBe(false);
  });

  it("pages with cursors of its own", async () => {
    const store = memory();
    for (const key of ["a", "p/1", "p/2", "p/3", "q"]) await store.upload(key, key);
    const pages = [];
    for await (const page of store.scoped("p/").list({ limit: 2 }).pages()) pages.push(page);
    expect(pages.map(({ objects }) => objects.map(({ key }) => key))).toEqual([["1", "2"], ["3"]]);
    expect(await all(store.scoped("p/").list({ cursor: pages[0]?.cursor as string }))).toEqual(["3"]);
  });

  it.each(["../x", "..", "a/../../x"])("cannot be left by %s", async (key) => {
    const store = memory();
    await store.upload("x", "outside");
    const inside = store.scoped("p/");
    for (const run of [
      () => inside.upload(key, "y"),
      () => inside.download(key),
      () => inside.delete(key),
      () => inside.delete(["ok", key]),
      () => inside.copy("a", key),
      () => inside.deletePrefix(`${key}/`),
    ])
      await expect(run()).rejects.toMatchObject({ code: "invalid-key" });
    expect(await store.exists("x")).toBe(true);
  });

  it("refuses a prefix that is no text, as its store does", async () => {
    const store = memory();
    await store.upload("users/5", "x");
    const { uploadId } = await store.createMultipartUpload("users/5");
    for (const users of [store, scoped(store, "users/")]) {
      const prefix = 5 as unknown as string;
      const refused = { code: "invalid-key" };
      await expect(users.list({ prefix }).pages().next()).rejects.toMatchObject(refused);
      await expect(users.deletePrefix(prefix)).rejects.toMatchObject(refused);
      await expect(users.sweepUploads({ prefix, olderThan: 0 })).rejects.toMatchObject(refused);
    }
    expect(await (await store.resumeMultipartUpload("users/5", uploadId)).parts()).toEqual([]);
  });

  it("refuses an empty prefix, an empty key, and emptying itself", async () => {
    const store = memory();
    expect(() => store.scoped("")).toThrow(expect.objectContaining({ code: "invalid-option" }));
    expect(() => store.scoped("../")).toThrow(expect.objectContaining({ code: "invalid-key" }));
    await store.upload("p/a", "x");
    await expect(store.scoped("p/").upload("", "x")).rejects.toMatchObject({ code: "invalid-key" });
    await expect(store.scoped("p/").deletePrefix("")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringMatching(/clear.*for all of a scope, call deletePrefix of the store/),
    });
    expect(await store.exists("p/a")).toBe(true);
    expect(await store.scoped("p/").deletePrefix("a")).toBe(1);
  });

  it("gives the function of an update the object by its own key", async () => {
    const store = memory();
    const scope = store.scoped("p/");
    await scope.upload("a", "1");
    const keys: unknown[] = [];
    await scope.update("a", async (current) => {
      keys.push(current?.key);
      return `${await current?.text()}2`;
    });
    await scope.update("b", (current) => {
      keys.push(current);
      return "new";
    });
    expect(keys).toEqual(["a", null]);
    expect(await (await store.download("p/a")).text()).toBe("12");
    await expect(scope.update("a", null as never)).rejects.toMatchObject({ code: "invalid-option", key: "a" });
  });

  it("hands on the options of every verb, and names keys in failures as its caller does", async () => {
    const scope = scoped(memory(), "p/");
    const reason = new Error("left");
    for (const [verb, call] of Object.entries(everyVerb(scope, "a/", { signal: AbortSignal.abort(reason) })))
      expect([verb, await failure(call)]).toEqual([verb, reason]);
    for (const [verb, call] of Object.entries(everyVerb(scope, "../", {}))) {
      const { code, message } = (await failure(call)) as StorageError;
      expect([verb, code, message]).toEqual([verb, "invalid-key", expect.not.stringContaining("p/..")]);
    }
  });

  it("resumes, lists and sweeps its own uploads, and no others", async () => {
    const store = memory();
    const scope = scoped(store, "p/");
    await store.createMultipartUpload("outside");
    const upload = await scope.createMultipartUpload("in/k");
    expect((await scope.resumeMultipartUpload("in/k", upload.state())).key).toBe("in/k");
    expect(await all(scope.listUploads())).toEqual(["in/k"]);
    expect(await all(scope.listUploads({ prefix: "in" }))).toEqual(["in/k"]);
    expect(await scope.sweepUploads({ olderThan: 0 })).toBe(1);
    expect(await all(store.listUploads())).toEqual(["outside"]);
  });

  it("leaves a key as it is that a body from another store fails with", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: () => {
        throw locate(new StorageError("corrupt", "cut"), { operation: "download", key: "other/k" });
      },
    });
    const error = { key: "other/k", message: 'download "other/k": cut' };
    await expect(scoped(memory(), "p/").upload("k", body)).rejects.toMatchObject(error);
  });

  it("refuses in words of its own what lies deeper", async () => {
    const scope = scoped(memory(), "p/").scoped("q/");
    expect(() => scope.scoped("../")).toThrow(expect.objectContaining({ code: "invalid-key", key: "../" }));
    await expect(scope.head("..")).rejects.toMatchObject({
      key: "..",
      message: expect.stringMatching(/^memory head "\.\.": /),
    });
    await expect(scope.delete(null as never)).rejects.toMatchObject({ code: "invalid-key" });
  });
});
