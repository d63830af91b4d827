import { createStorage } from "unstorage";
import { describe, expect, test, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Backend } from "../../src/backend.ts";
import { type Driver, toDriver } from "../../src/driver.ts";
import { locate, StorageError } from "../../src/error.ts";
import type { ObjectStore } from "../../src/interface.ts";
import type { ListOptions, Page } from "../../src/listing.ts";
import { objects } from "../../src/mounts.ts";
import { collectGarbage } from "../support/garbage.ts";
import { everyVerb } from "../support/every-verb.ts";
import { cores } from "../support/unstorage.ts";

/** Keys that unstorage would turn into others on their way. */
const UGLY = [
  "x//y",
  "/lead",
  "dir/",
  "q?a=1",
  "?a",
  "?a/b",
  "back\\slash",
  "\\",
  "a:b",
  ":a",
  "a%2Fb c+d",
  "é",
  "a#b",
  "...",
];

async function keysOf(store: ObjectStore, options: ListOptions = {}): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of store.list(options)) keys.push(entry.key ?? entry.prefix);
  return keys.sort();
}

describe.each(Object.entries(cores))("objects in %s", (_, { createStorage, prefixStorage }) => {
  test("objects reaches the driver at the root, with raw keys", async () => {
    const driver = memory();
    const store = objects(createStorage({ driver }));
    for (const key of UGLY) {
      expect((await store.upload(key, key)).key).toBe(key);
      expect(await (await driver.download(key)).text()).toBe(key);
    }
    expect(await keysOf(store)).toEqual([...UGLY].sort());
    for (const key of UGLY) await store.delete(key);
    expect(await keysOf(driver)).toEqual([]);
  });

  test("objects refuses options that no verb has, and null", async () => {
    const storage = createStorage();
    storage.mount("a", memory());
    storage.mount("b", memory());
    const store = objects(storage);
    await store.upload("a:k", "x");
    for (const options of [{ ifmatch: "x" }, { ifMatch: null }, null] as unknown as undefined[]) {
      await expect(store.copy("a:k", "b:k", options)).rejects.toMatchObject({ code: "invalid-option" });
      await expect(store.list(options).pages().next()).rejects.toMatchObject({ code: "unsupported" });
      await expect(
        store
          .list({ prefix: "a:", ...(options as object | undefined), limit: 0 })
          .pages()
          .next(),
      ).rejects.toMatchObject({
        code: "invalid-option",
      });
    }
  });

  test("objects refuses a cursor of another mount, whose driver could not tell", async () => {
    const storage = createStorage();
    for (const mount of ["a", "b"]) {
      storage.mount(mount, memory());
      for (const key of ["1", "2", "3"]) await objects(storage).upload(`${mount}:${key}`, "x");
    }
    const store = objects(storage);
    const { value } = await store.list({ prefix: "a:", limit: 1 }).pages().next();
    const cursor = (value as Page).cursor as string;
    expect(await keysOf(store, { prefix: "a:", cursor })).toEqual(["a:2", "a:3"]);
    await expect(keysOf(store, { prefix: "b:", cursor })).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("cursor"),
    });
  });

  test("objects reaches a named mount, with raw keys below it", async () => {
    const driver = memory();
    const root = memory();
    const store = objects(createStorage({ driver: root }).mount("uploads", driver));
    for (const key of UGLY) {
      const info = await store.upload(`uploads:${key}`, key, { contentType: "text/x-mine" });
      expect(info.key).toBe(`uploads:${key}`);
      expect((await driver.head(key))?.contentType).toBe("text/x-mine");
      const read = await store.download(`uploads:${key}`);
      expect([read.key, await read.text()]).toEqual([`uploads:${key}`, key]);
      expect(await store.exists(`uploads:${key}`)).toBe(true);
      expect((await store.head(`uploads:${key}`))?.key).toBe(`uploads:${key}`);
    }
    expect(await keysOf(store, { prefix: "uploads:" })).toEqual(UGLY.map((key) => `uploads:${key}`).sort());
    await store.delete(UGLY.map((key) => `uploads:${key}`));
    expect([await keysOf(driver), await keysOf(root)]).toEqual([[], []]);
  });

  test("objects takes a slash for the mount's colon, and keeps it in results", async () => {
    const driver = memory();
    const store = objects(createStorage().mount("uploads", driver));
    expect((await store.upload("uploads/a/b", "x")).key).toBe("uploads/a/b");
    expect(await driver.exists("a/b")).toBe(true);
    expect(await keysOf(store, { prefix: "uploads/a/" })).toEqual(["uploads/a/b"]);
  });

  test("objects refuses the mount's own name with nothing below it, and writes nothing", async () => {
    const [driver, root] = [memory(), memory()];
    const store = objects(createStorage({ driver: root }).mount("uploads", driver));
    for (const key of ["uploads:", "uploads/"]) {
      await expect(store.upload(key, "x")).rejects.toMatchObject({ code: "invalid-key" });
    }
    await expect(store.upload("uploads:../x", "x")).rejects.toMatchObject({ code: "invalid-key" });
    await expect(store.upload("", "x")).rejects.toMatchObject({ code: "invalid-key" });
    await expect(store.deletePrefix("uploads:")).rejects.toMatchObject({ code: "invalid-option" });
    expect([await keysOf(driver), await keysOf(root)]).toEqual([[], []]);
  });

  test("objects gives each of nested mounts what is below it", async () => {
    const [outer, inner, root] = [memory(), memory(), memory()];
    const storage = createStorage({ driver: root }).mount("a", outer).mount("a:b", inner);
    const store = objects(storage);
    await store.upload("a:b:c", "inner");
    await store.upload("a:bb", "outer");
    await store.upload("aa", "root");
    await store.upload("a:x", "outer");
    expect([await keysOf(inner), await keysOf(outer), await keysOf(root)]).toEqual([["c"], ["bb", "x"], ["aa"]]);
    expect(await keysOf(store, { prefix: "a:b:" })).toEqual(["a:b:c"]);
    expect(await keysOf(store, { prefix: "a:" })).toEqual(["a:bb", "a:x"]);
  });

  test("objects refuses to move an object onto itself by mounts that overlap", async () => {
    const stored = await memory().getInstance();
    // As where the ETag is made of the bytes.
    const backend: Backend = {
      ...stored,
      head: async (key, call) => {
        const info = await stored.head(key, call);
        return info && { ...info, etag: '"e"' };
      },
      get: async (key, options) => {
        const found = await stored.get(key, options);
        return found && { ...found, info: { ...found.info, etag: '"e"' } };
      },
    };
    const view = (name: string): Driver => toDriver({ name, open: () => backend });
    const store = objects(createStorage().mount("a", view("one")).mount("b", view("two")));
    await store.upload("a:k", "precious");
    await expect(store.move("a:k", "b:k")).rejects.toMatchObject({ code: "conflict", key: "a:k" });
    expect(await (await store.download("b:k")).text()).toBe("precious");
  });

  test("objects lets the source of a copy go whose headers are refused", async () => {
    const backend = await memory().getInstance();
    const cancel = vi.fn();
    const foreign = toDriver({
      name: "foreign",
      open: () => ({
        ...backend,
        get: async (key, options) => {
          const found = await backend.get(key, options);
          const body = new ReadableStream<Uint8Array>({ cancel });
          return found && { ...found, info: { ...found.info, cacheControl: "caf\u00e9" }, body };
        },
      }),
    });
    const store = objects(createStorage().mount("a", foreign).mount("b", memory()));
    await store.upload("a:k", "x");
    await expect(store.copy("a:k", "b:k")).rejects.toMatchObject({ code: "invalid-option" });
    expect(cancel).toHaveBeenCalledOnce();
  });

  test("objects copies and moves inside a mount and across mounts, metadata included", async () => {
    const [left, right] = [memory(), memory()];
    const store = objects(createStorage().mount("left", left).mount("right", right));
    await store.upload("left:a", "bytes", {
      contentType: "text/x-kept",
      metadata: { by: "me" },
      cacheControl: "no-store",
    });
    expect((await store.copy("left:a", "left:b")).key).toBe("left:b");
    expect((await store.copy("left:a", "right:c")).key).toBe("right:c");
    expect((await store.move("left:b", "right:d")).key).toBe("right:d");
    expect([await keysOf(left), await keysOf(right)]).toEqual([["a"], ["c", "d"]]);
    for (const key of ["c", "d"]) {
      const head = await right.head(key);
      expect(head).toMatchObject({ size: 5, contentType: "text/x-kept", cacheControl: "no-store" });
      expect({ ...head?.metadata }).toEqual({ by: "me" });
    }
    await expect(store.copy("left:absent", "right:x")).rejects.toMatchObject({ code: "not-found" });
    await expect(store.copy("left:a", "right:x", { ifMatch: '"other"' })).rejects.toMatchObject({
      code: "precondition-failed",
    });
    expect(await right.exists("x")).toBe(false);
    for (const verb of ["copy", "move"] as const) {
      for (const to of ["right:c", "left:q"]) {
        await store.upload("left:q", "there");
        const refused = store[verb]("left:a", to, { ifNoneMatch: "*" });
        await expect(refused).rejects.toMatchObject({ code: "precondition-failed", key: to });
      }
      const none = store[verb]("left:a", "right:y", { ifNoneMatch: '"e"' as "*" });
      await expect(none).rejects.toMatchObject({ code: "invalid-option", operation: verb });
    }
    expect(await (await right.download("c")).text()).toBe("bytes");
    await store.move("left:a", "right:y", { ifNoneMatch: "*" });
    expect([await left.exists("a"), await right.exists("y")]).toEqual([false, true]);
  });

  test("objects hands on the options of every verb", async () => {
    const store = objects(createStorage().mount("left", memory()).mount("right", memory()));
    const reason = new Error("left");
    const options = { signal: AbortSignal.abort(reason) };
    const calls = {
      ...everyVerb(store, "left:", options),
      "copy across": store.copy("left:k", "right:k", options),
      "move across": store.move("left:k", "right:k", options),
      "delete across": store.delete(["left:k", "right:k"], options),
    };
    for (const [verb, call] of Object.entries(calls))
      expect([verb, await call.catch((error: unknown) => error)]).toEqual([verb, reason]);
  });

  test("objects has one store copy what lies in it, below a prefix too, and goes on with an upload", async () => {
    const events: string[] = [];
    const driver = memory({ onEvent: ({ operation }) => events.push(operation) });
    const storage = createStorage().mount("uploads", driver);
    for (const [store, at] of [
      [objects(storage), "uploads:"],
      [objects(prefixStorage(storage, "uploads:in")), ""],
    ] as const) {
      await store.upload(`${at}k`, "x");
      events.length = 0;
      await store.copy(`${at}k`, `${at}l`);
      expect(events).toEqual(["copy"]);
      const upload = await store.createMultipartUpload(`${at}m`);
      expect((await store.resumeMultipartUpload(`${at}m`, upload.state())).key).toBe(`${at}m`);
    }
  });

  test("objects says of a delete what every mount refuses", async () => {
    const store = objects(createStorage().mount("left", memory()).mount("right", memory()));
    const options = { ifMatch: "x" } as object;
    await expect(store.delete(["left:k", "left:l"], options)).rejects.toMatchObject({ code: "invalid-option" });
    await expect(store.delete(["left:k", "right:k"], options)).rejects.toMatchObject({
      code: "partial",
      errors: ["left:k", "right:k"].map((key) => ({ key, error: { code: "invalid-option" } })),
    });
  });

  test("objects deletes keys of several mounts in one call", async () => {
    const [left, right] = [memory(), memory()];
    const store = objects(createStorage().mount("left", left).mount("right", right));
    for (const key of ["left:a", "left:b", "right:a"]) await store.upload(key, "x");
    await store.delete(["left:a", "right:a", "right:absent"]);
    expect([await keysOf(left), await keysOf(right)]).toEqual([["b"], []]);
    await store.upload("right:in/a", "x");
    expect(await store.deletePrefix("right:in/")).toBe(1);
  });

  test("objects sees through prefixStorage over the root", async () => {
    const driver = memory();
    const store = objects(prefixStorage(createStorage({ driver }), "tenant:one"));
    for (const key of UGLY) expect((await store.upload(key, key)).key).toBe(key);
    expect(await keysOf(driver)).toEqual(UGLY.map((key) => `tenant/one/${key}`).sort());
    expect(await keysOf(store)).toEqual([...UGLY].sort());
    expect(await keysOf(store, { prefix: "x/" })).toEqual(["x//y"]);
    expect(await store.deletePrefix("x//")).toBe(1);
    await driver.upload("tenant/onesie", "other");
    await expect(store.upload("../two", "x")).rejects.toMatchObject({ code: "invalid-key" });
    expect(await keysOf(store)).not.toContain("onesie");
  });

  test("objects keeps no driver that was unmounted, for the view that led to it", async () => {
    const storage = createStorage();
    const store = objects(prefixStorage(storage, "uploads:in"));
    const mounted = async (): Promise<WeakRef<Driver>> => {
      const driver = memory();
      storage.mount("uploads", driver);
      await store.upload("a", "1");
      await storage.unmount("uploads", true);
      return new WeakRef(driver);
    };
    const driver = await mounted();
    await expect.poll(() => collectGarbage().then(() => driver.deref())).toBeUndefined();
    await expect(store.upload("a", "1")).rejects.toMatchObject({ code: "unsupported" });
  });

  test("objects sees through prefixStorage over a mount, at it and inside it", async () => {
    const [driver, root] = [memory(), memory()];
    const storage = createStorage({ driver: root }).mount("uploads", driver);
    const at = objects(prefixStorage(storage, "uploads"));
    const inside = objects(prefixStorage(storage, "uploads:avatars"));
    const nested = objects(prefixStorage(prefixStorage(storage, "uploads"), "avatars"));
    await at.upload("x//y", "1");
    await inside.upload("1.jpg", "2");
    expect((await nested.upload("?2", "3")).key).toBe("?2");
    expect(await keysOf(driver)).toEqual(["avatars/1.jpg", "avatars/?2", "x//y"]);
    expect(await keysOf(root)).toEqual([]);
    expect(await keysOf(at)).toEqual(["avatars/1.jpg", "avatars/?2", "x//y"]);
    expect(await keysOf(nested)).toEqual(["1.jpg", "?2"]);
    expect((await inside.copy("1.jpg", "copy.jpg")).key).toBe("copy.jpg");
    expect((await nested.move("copy.jpg", "moved.jpg")).key).toBe("moved.jpg");
    expect(await driver.exists("avatars/moved.jpg")).toBe(true);
  });

  test("objects sees through prefixStorage that is above a mount", async () => {
    const [driver, root] = [memory(), memory()];
    const storage = createStorage({ driver: root }).mount("app:uploads", driver);
    const store = objects(prefixStorage(storage, "app"));
    expect((await store.upload("uploads:a//b", "x")).key).toBe("uploads:a//b");
    await store.upload("other", "y");
    expect([await keysOf(driver), await keysOf(root)]).toEqual([["a//b"], ["app/other"]]);
    expect(await keysOf(store, { prefix: "uploads:" })).toEqual(["uploads:a//b"]);
  });

  test("objects pages, groups and scopes with the caller's keys", async () => {
    const store = objects(createStorage().mount("uploads", memory()));
    for (const name of ["a/1", "a/2", "b", "c"]) await store.upload(`uploads:${name}`, name);
    expect(await keysOf(store, { prefix: "uploads:", delimiter: "/", limit: 1 })).toEqual([
      "uploads:a/",
      "uploads:b",
      "uploads:c",
    ]);
    const first = (await store.list({ prefix: "uploads:", limit: 2 }).pages().next()).value;
    const rest = await keysOf(store, { prefix: "uploads:", ...(first?.cursor ? { cursor: first.cursor } : {}) });
    expect(rest).toEqual(["uploads:b", "uploads:c"]);
    const scope = store.scoped("uploads:a/");
    expect(await keysOf(scope)).toEqual(["1", "2"]);
    expect((await scope.upload("3", "x")).key).toBe("3");
    expect(await store.exists("uploads:a/3")).toBe(true);
  });

  test("objects lists all pages in one iteration of the mount", async () => {
    const backend = await memory().getInstance();
    const pages: (object | undefined)[] = [];
    const list: Backend["list"] = (options) => {
      pages.push(options.iteration);
      return backend.list(options);
    };
    const driver = toDriver({ name: "test", open: () => ({ ...backend, list }) });
    for (const key of ["1", "2", "3"]) await driver.upload(key, "x");
    const store = objects(createStorage().mount("uploads", driver));
    expect(await keysOf(store, { prefix: "uploads:", limit: 1 })).toEqual(["uploads:1", "uploads:2", "uploads:3"]);
    expect(pages).toHaveLength(3);
    expect(new Set(pages).size).toBe(1);
  });

  test("objects rejects unsupported for a driver without object verbs, naming the key, and stores nothing", async () => {
    const storage = createStorage().mount("uploads", memory());
    const store = objects(storage);
    const calls = [
      () => store.upload("elsewhere:x", "x"),
      () => store.download("elsewhere:x"),
      () => store.delete(["elsewhere:x", "uploads:x"]),
      () => store.copy("elsewhere:x", "uploads:x"),
      () => store.list({ prefix: "elsewhere:" }).pages().next(),
      () => objects(prefixStorage(storage, "elsewhere")).head("x"),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringMatching(/no object interface/),
      });
    }
    await expect(store.exists("elsewhere:x")).rejects.toThrow('"elsewhere:x"');
    expect(await storage.getKeys()).toEqual([]);
  });

  test("objects asks who left out the colon of a mount whether it was meant, and nobody else", async () => {
    const storage = createStorage().mount("up", memory()).mount("deep:down", memory());
    const store = objects(storage);
    const said = (prefix: string): Promise<string> =>
      store
        .list({ prefix })
        .pages()
        .next()
        .then(
          () => "",
          (error: Error) => error.message,
        );
    expect(await said("up")).toMatch(/one of unbucket's \(did you mean "up:"\?\)$/);
    expect(await said("deep/down")).toMatch(/\(did you mean "deep:down:"\?\)$/);
    for (const other of ["upper", "deep", "elsewhere:", ""]) expect(await said(other)).toMatch(/one of unbucket's$/);
    expect(await said("up:")).toBe("");
  });

  test("objects does not ask the driver anything to find it", async () => {
    const events: string[] = [];
    const storage = createStorage().mount("uploads", memory({ onEvent: ({ operation }) => events.push(operation) }));
    await objects(storage).upload("uploads:x", "x");
    expect(events).toEqual(["upload"]);
  });
});

/** What a call of a store with two mounts rejects with, when the stores behind them refuse. */
describe("objects names keys as its caller does", () => {
  const refuse = (): Promise<never> => Promise.reject(new StorageError("denied", "no"));

  async function refusing(): Promise<ObjectStore> {
    const backend = await memory().getInstance();
    const steps = { pending: refuse };
    const verbs = { head: refuse, get: refuse, put: refuse, delete: refuse, list: refuse };
    const multipart = { ...backend.multipart, ...steps } as NonNullable<Backend["multipart"]>;
    const driver = toDriver({ name: "d", open: () => ({ ...backend, ...verbs, copy: refuse, multipart }) });
    return objects(createStorage().mount("a", driver).mount("b", memory()));
  }

  test.each<[string, string, (store: ObjectStore) => Promise<unknown>]>([
    ["upload", "a:k", (store) => store.upload("a:k", "x")],
    ["upload", "a/k", (store) => store.upload("a/k", "x")],
    ["head", "a:k", (store) => store.head("a:k")],
    ["copy", "a:k", (store) => store.copy("a:k", "a:l")],
    ["download", "a:k", (store) => store.copy("a:k", "b:k")],
    ["head", "a:k", (store) => store.move("b:k", "a:k")],
    ["upload", "a:l", (store) => store.copy("b:k", "a:l")],
    ["deletePrefix", "a:k", (store) => store.deletePrefix("a:k")],
    ["list", "a:k", (store) => store.list({ prefix: "a:k" }).pages().next()],
    ["listUploads", "a:k", async (store) => store.listUploads({ prefix: "a:k" })[Symbol.asyncIterator]().next()],
    ["sweepUploads", "a:k", (store) => store.sweepUploads({ prefix: "a:k" })],
  ])("%s of %s", async (operation, key, run) => {
    const store = await refusing();
    await store.upload("b:k", "x");
    const message = `d ${operation} "${key}": no`;
    await expect(run(store)).rejects.toMatchObject({ code: "denied", operation, key, message });
    const [mount = "", rest = ""] = [key.slice(0, 2), key.slice(2)];
    if (operation !== "head") return;
    const scoped = store.scoped(mount).head(rest);
    await expect(scoped).rejects.toMatchObject({ key: rest, message: `d head "${rest}": no` });
  });

  test.each([[["a:k", "a:l"]], [["a:k", "a:l", "b:m"]]])("delete of %j", async (keys) => {
    const failure = (key: string): object => ({ key, error: { key, message: `delete "${key}": no` } });
    await expect((await refusing()).delete(keys)).rejects.toMatchObject({
      code: "partial",
      operation: "delete",
      message: expect.stringMatching(/2 of . keys were not deleted; first: delete "a:k": no$/),
      deleted: keys.slice(2),
      errors: [failure("a:k"), failure("a:l")],
    });
  });

  test.each([[["a:..", "a:l"]], [["a:..", "b:m"]]])("delete of %j, one of which is none", async (keys) => {
    await expect((await refusing()).delete(keys)).rejects.toMatchObject({ code: "invalid-key", key: "a:.." });
  });

  test("what a body that is read from another store fails with keeps that store's name", async () => {
    const store = objects(createStorage().mount("a", memory()).mount("b", memory()));
    const body = new ReadableStream<Uint8Array>({
      pull: () => {
        throw locate(new StorageError("corrupt", "cut"), { operation: "download", key: "b:k" });
      },
    });
    await expect(store.upload("a:k", body)).rejects.toMatchObject({ key: "b:k", message: 'download "b:k": cut' });
  });

  test("the function of an update is given the object by the caller's key", async () => {
    const store = objects(createStorage().mount("a", memory()));
    await store.upload("a:k", "1");
    const keys: unknown[] = [];
    const made = await store.update("a:k", async (current) => {
      keys.push(current?.key);
      return `${await current?.text()}2`;
    });
    expect([...keys, made.key]).toEqual(["a:k", "a:k"]);
    expect(await (await store.download("a:k")).text()).toBe("12");
  });

  test("what finds no driver says for which verb, and lets the body go", async () => {
    const store = objects(createStorage());
    const cancel = vi.fn();
    const upload = store.upload("k", new ReadableStream({ cancel }));
    await expect(upload).rejects.toMatchObject({
      code: "unsupported",
      operation: "upload",
      key: "k",
      message: expect.stringMatching(/^upload "k": /),
    });
    expect(cancel).toHaveBeenCalledOnce();
    const broken = objects({ hasItem: () => Promise.reject(new TypeError("gone")) });
    await expect(broken.head("k")).rejects.toMatchObject({ code: "unknown", operation: "head", key: "k" });
    await expect(store.delete(null as never)).rejects.toMatchObject({ code: "invalid-key", operation: "delete" });
  });
});

describe("objects copies between stores", () => {
  test("nothing of which metadata would be lost that no header can say", async () => {
    const backend = await memory().getInstance();
    const driver = toDriver({
      name: "odd",
      open: () => ({
        ...backend,
        get: async (key, options) => {
          const found = await backend.get(key, options);
          return found && { ...found, info: { ...found.info, missingMetadata: 1 } };
        },
      }),
    });
    const store = objects(createStorage().mount("a", driver).mount("b", memory()));
    await store.upload("a:k", "x");
    for (const verb of ["copy", "move"] as const)
      await expect(store[verb]("a:k", "b:k")).rejects.toMatchObject({ code: "unsupported", operation: verb });
    expect([await store.exists("a:k"), await store.exists("b:k")]).toEqual([true, false]);
  });

  test("with the version that is asked for, and a signal that reaches both sides", async () => {
    const asked: unknown[] = [];
    const backend = await memory().getInstance();
    const told = (name: string): Driver =>
      toDriver({
        name,
        open: () => ({
          ...backend,
          versions: true,
          get: (key, { versionId, ...options }) => {
            asked.push(["get", versionId, !!options.signal]);
            return backend.get(key, options);
          },
          put: (key, source, options) => {
            asked.push(["put", !!options.signal]);
            return backend.put(key, source, options);
          },
          delete: (key, options) => {
            asked.push(["delete", !!options.signal]);
            return backend.delete(key, options);
          },
        }),
      });
    const store = objects(createStorage().mount("a", told("one")).mount("b", told("two")));
    await told("three").upload("k", "bytes");
    asked.length = 0;
    const { signal } = new AbortController();
    await store.copy("a:k", "b:l", { versionId: "v", signal });
    await store.move("a:k", "b:m", { signal });
    expect(asked).toEqual([
      ["get", "v", true],
      ["put", true],
      ["get", undefined, true],
      ["put", true],
      ["delete", true],
    ]);
  });

  test("with the headers that each side needs, and not with options that copies do not have", async () => {
    const asked: unknown[] = [];
    const backend = await memory().getInstance();
    const told = toDriver({
      name: "told",
      open: () => ({
        ...backend,
        get: (key, options) => {
          asked.push(options.headers);
          return backend.get(key, options);
        },
        put: (key, source, options) => {
          asked.push(options.headers);
          return backend.put(key, source, options);
        },
      }),
    });
    const store = objects(createStorage().mount("a", told).mount("b", memory()).mount("c", told));
    await store.upload("b:k", "bytes");
    const source = { "x-amz-copy-source-server-side-encryption-customer-key": "k" };
    const headers = { ...source, "x-amz-acl": "private" };
    await store.copy("b:k", "a:k", { headers });
    await store.copy("a:k", "b:l", { headers });
    expect(asked).toEqual([{ "x-amz-acl": "private" }, { "x-amz-server-side-encryption-customer-key": "k" }]);
    for (const options of [{ range: { start: 0, end: 1 } }, { size: 5 }, { parallel: 2 }] as object[])
      await expect(store.copy("a:k", "b:m", options)).rejects.toMatchObject({
        code: "invalid-option",
        operation: "copy",
        key: "a:k",
      });
    expect(await store.exists("b:m")).toBe(false);
  });
});
