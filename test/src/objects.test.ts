import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Backend, Key } from "../../src/backend.ts";
import { type Driver, toDriver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";
import { sent } from "../../src/options.ts";

/** A driver over the memory backend with some of its verbs replaced. */
async function over(replace: (backend: Backend) => Partial<Backend>): Promise<Driver> {
  const backend = await memory().getInstance();
  return toDriver({ name: "test", open: () => ({ ...backend, ...replace(backend) }) });
}

const refused = (): Promise<never> => Promise.reject(new StorageError("denied", "no"));

describe("delete", () => {
  it("goes key by key, at most 16 at once, where the store has no batches", async () => {
    let running = 0;
    let most = 0;
    const driver = await over((backend) => ({
      delete: async (key, call) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return /[37]$/.test(key) ? refused() : backend.delete(key, call);
      },
    }));
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    const error: unknown = await driver.delete(keys).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "partial", operation: "delete", driver: "test", retryable: false });
    if (!StorageError.is(error)) throw new Error("expected a StorageError");
    expect(error.errors?.map(({ key }) => key).toSorted()).toEqual([
      "k13",
      "k17",
      "k23",
      "k27",
      "k3",
      "k33",
      "k37",
      "k7",
    ]);
    expect(error.errors?.[0]?.error).toMatchObject({ code: "denied" });
    expect(error.deleted).toHaveLength(32);
    expect(most).toBe(16);
  });

  it("refuses a bad key among many before any is deleted", async () => {
    const driver = memory();
    await driver.upload("a", "x");
    await expect(driver.delete(["a", ".."])).rejects.toMatchObject({ code: "invalid-key" });
    expect(await driver.exists("a")).toBe(true);
  });

  it("an abort in the middle rejects with the reason and starts no more", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const started: string[] = [];
    const driver = await over(() => ({
      delete: async (key) => {
        started.push(key);
        control.abort(reason);
      },
    }));
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await expect(driver.delete(keys, { signal: control.signal })).rejects.toBe(reason);
    expect(started.length).toBeLessThanOrEqual(16);
  });
});

describe("delete with ifMatch", () => {
  const OTHER = '"other"';

  it("looks at the object first, and passes the condition on", async () => {
    const asked: unknown[] = [];
    const driver = await over((backend) => ({
      head: (key, call) => (asked.push(["head", call.headers]), backend.head(key, call)),
      delete: (key, { ifMatch, headers, signal }) => (
        asked.push(["delete", ifMatch, headers]),
        backend.delete(key, { ifMatch, signal })
      ),
    }));
    const { etag } = await driver.upload("k", "x");
    const headers = { "x-amz-request-payer": "requester", "x-amz-mfa": "1" };
    await expect(driver.delete("k", { ifMatch: OTHER, headers })).rejects.toMatchObject({
      code: "precondition-failed",
      operation: "delete",
      key: "k",
    });
    const looked = ["head", { "x-amz-request-payer": "requester" }];
    expect(asked).toEqual([looked]);
    await driver.delete("k", { ifMatch: etag, headers });
    expect(asked).toEqual([looked, looked, ["delete", etag, headers]]);
    await driver.delete("k", { ifMatch: etag });
    expect(asked).toHaveLength(4);
    await driver.delete("k", { ifMatch: "*" });
    expect(asked.slice(4)).toEqual([["delete", undefined, undefined]]);
  });

  it("deletes nothing where the driver has no such delete, or the answer to the look is unclear", async () => {
    const driver = await over((backend) => ({
      head: (key, call) => (key === "k" ? backend.head(key, call) : Promise.reject(new StorageError("denied", "no"))),
      delete: () => Promise.reject(new StorageError("unsupported", "no conditions")),
    }));
    const { etag } = await driver.upload("k", "x");
    await expect(driver.delete("k", { ifMatch: etag })).rejects.toMatchObject({ code: "unsupported" });
    await expect(driver.delete("secret", { ifMatch: etag })).rejects.toMatchObject({ code: "denied" });
  });

  it("is for one key, and an ETag with its quotes", async () => {
    const driver = await over(() => ({}));
    await driver.upload("k", "x");
    await expect(driver.delete(["k"], { ifMatch: OTHER } as object)).rejects.toMatchObject({ code: "invalid-option" });
    await expect(driver.delete("k", { ifMatch: "bare" })).rejects.toMatchObject({ code: "invalid-option" });
    await expect(driver.removeItem?.("k", { ifMatch: OTHER })).rejects.toMatchObject({ code: "precondition-failed" });
    expect(await driver.exists("k")).toBe(true);
  });
});

describe("deletePrefix", () => {
  it("counts what it deletes over pages, and refuses the empty prefix", async () => {
    const driver = memory();
    await Promise.all(Array.from({ length: 1005 }, (_, index) => driver.upload(`p${index}`, "x")));
    await driver.upload("q", "x");
    expect(await driver.deletePrefix("p")).toBe(1005);
    expect(await driver.exists("q")).toBe(true);
    await expect(driver.deletePrefix("")).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("copy and move", () => {
  it("copy reads and writes where the store cannot, with headers and condition", async () => {
    const driver = await over(() => ({ copy: undefined as never }));
    const { etag } = await driver.upload("a", "hello", {
      contentType: "a/b",
      metadata: { n: "1" },
      cacheControl: "no-store",
    });
    const copied = await driver.copy("a", "b", { ifMatch: etag });
    expect(copied).toMatchObject({
      key: "b",
      size: 5,
      contentType: "a/b",
      metadata: { n: "1" },
      cacheControl: "no-store",
    });
    await expect(driver.copy("a", "c", { ifMatch: '"other"' })).rejects.toMatchObject({ code: "precondition-failed" });
    await expect(driver.copy("none", "c")).rejects.toMatchObject({ code: "not-found", key: "none" });
    for (const verb of ["copy", "move"] as const)
      await expect(driver[verb]("a", "b", { ifNoneMatch: "*" })).rejects.toMatchObject({
        code: "precondition-failed",
        key: "b",
        operation: verb,
      });
    await driver.copy("a", "c", { ifNoneMatch: "*", ifMatch: etag });
    expect(await driver.exists("c")).toBe(true);
  });

  it("copy where the store cannot leaves out the mark of the write that made the source", async () => {
    const driver = await over(() => ({ copy: undefined as never }));
    await driver.upload("a", "hello", { metadata: sent({ "unbucket-write": "id", n: "1" }) });
    expect({ ...(await driver.copy("a", "b")).metadata }).toEqual({ n: "1" });
  });

  it("tells of a body that the store broke off as the store's, which may be asked again", async () => {
    const driver = await over((backend) => ({
      copy: undefined as never,
      get: async (...call) => {
        const found = await backend.get(...call);
        const body = new ReadableStream<Uint8Array>({ pull: (control) => control.error(new TypeError("lost")) });
        return found && { ...found, body, next: undefined };
      },
    }));
    await driver.upload("a", "hello");
    for (const verb of ["copy", "move"] as const)
      await expect(driver[verb]("a", "b")).rejects.toMatchObject({ code: "unavailable", retryable: true, key: "a" });
  });

  it("refuses a copy on a condition that is none, one of a read, and of a version where there are none", async () => {
    const copy = vi.fn();
    const driver = await over(() => ({ copy }));
    await driver.upload("a", "hello");
    for (const ifNoneMatch of ['"e"', "", true] as never[])
      await expect(driver.copy("a", "b", { ifNoneMatch })).rejects.toMatchObject({ code: "invalid-option" });
    await expect(driver.copy("a", "b", { ifMatch: "bare" })).rejects.toMatchObject({ code: "invalid-option" });
    await expect(driver.copy("a", "b", { versionId: "v" })).rejects.toMatchObject({ code: "unsupported" });
    expect(copy).not.toHaveBeenCalled();
  });

  it("refuses a move on a condition that is none before it asks for anything", async () => {
    const head = vi.fn();
    const driver = await over(() => ({ head }));
    for (const options of [{ ifMatch: "bare" }, { ifNoneMatch: '"e"' as "*" }])
      await expect(driver.move("a", "b", options)).rejects.toMatchObject({ code: "invalid-option" });
    expect(head).not.toHaveBeenCalled();
  });

  it("copy where the store cannot stores nothing of a source that is not as long as it said", async () => {
    const driver = await over((backend) => ({
      copy: undefined as never,
      get: async (key, options) => {
        const found = await backend.get(key, options);
        return found && { ...found, info: { ...found.info, size: found.info.size + 1 } };
      },
    }));
    await driver.upload("a", "hello");
    await expect(driver.copy("a", "b")).rejects.toMatchObject({ code: "invalid-option" });
    expect(await driver.exists("b")).toBe(false);
  });

  it("copy where the store cannot names the target that refuses it, and is ended by an abort as it writes", async () => {
    const refusing = await over(() => ({
      copy: undefined as never,
      put: () => Promise.reject(new StorageError("precondition-failed", "no")),
      head: async (key) => (key === "a" ? { key, size: 5, etag: '"e"' } : null),
      get: async () => ({ info: { key: "a", size: 5, etag: '"e"' }, body: new Response("hello").body as never }),
    }));
    for (const verb of ["copy", "move"] as const)
      await expect(refusing[verb]("a", "b", { ifNoneMatch: "*" })).rejects.toMatchObject({
        code: "precondition-failed",
        key: "b",
      });
    const control = new AbortController();
    const reason = new Error("left");
    const waiting = await over((backend) => ({
      copy: undefined as never,
      put: (key, source, options) => {
        if (key === "a") return backend.put(key, source, options);
        setTimeout(() => control.abort(reason), 10);
        return new Promise((_, reject) => options.signal?.addEventListener("abort", () => reject(reason)));
      },
    }));
    await waiting.upload("a", "hello");
    await expect(waiting.copy("a", "b", { signal: control.signal })).rejects.toBe(reason);
  });

  it("move refuses two names that the store reads as one, and keeps the object", async () => {
    const one = (key: string): Key => key.replaceAll("//", "/") as Key;
    const driver = await over((backend) => ({
      head: async (key, call) => {
        const info = await backend.head(one(key), call);
        // As where the ETag is made of the bytes.
        return info && { ...info, etag: `"${info.size}"` };
      },
      copy: (from, to, options) =>
        backend.copy?.(one(from), one(to), { ...options, ifMatch: undefined as never }) ?? Promise.resolve(null),
      delete: (key, call) => backend.delete(one(key), { ...call, ifMatch: undefined }),
    }));
    await driver.upload("a/b", "precious");
    await expect(driver.move("a//b", "a/b")).rejects.toMatchObject({ code: "conflict", key: "a//b" });
    await expect(driver.move("a/b", "a//b")).rejects.toMatchObject({ code: "conflict" });
    expect(await (await driver.download("a/b")).text()).toBe("precious");
    await driver.upload("a/c", "other!");
    await driver.move("a//c", "a/b");
    expect(await (await driver.download("a/b")).text()).toBe("other!");
  });

  it("a copy whose headers are refused lets its source go", async () => {
    const cancel = vi.fn();
    const driver = await over((backend) => ({
      copy: undefined as never,
      get: async (key, options) => {
        const found = await backend.get(key, options);
        const body = new ReadableStream<Uint8Array>({ cancel });
        return found && { ...found, info: { ...found.info, cacheControl: "caf\u00e9" }, body };
      },
    }));
    await driver.upload("a", "x");
    await expect(driver.copy("a", "b")).rejects.toMatchObject({ code: "invalid-option" });
    expect(cancel).toHaveBeenCalledOnce();
  });

  it("copy where the store cannot sends each side its headers, and refuses to lose metadata that none can say", async () => {
    const asked: unknown[] = [];
    const missing = vi.fn(() => 0);
    const driver = await over((backend) => ({
      copy: undefined as never,
      get: async (key, options) => {
        asked.push(options.headers);
        const found = await backend.get(key, options);
        return found && { ...found, info: { ...found.info, missingMetadata: missing() } };
      },
      put: (key, source, options) => {
        asked.push(options.headers);
        return backend.put(key, source, options);
      },
    }));
    await driver.upload("a", "x");
    const key = "server-side-encryption-customer-key";
    await driver.copy("a", "b", { headers: { [`x-amz-copy-source-${key}`]: "k", "x-amz-acl": "private" } });
    expect(asked.slice(1)).toEqual([{ [`x-amz-${key}`]: "k" }, { "x-amz-acl": "private" }]);
    missing.mockReturnValue(1);
    await expect(driver.copy("a", "c")).rejects.toMatchObject({ code: "unsupported" });
    expect(await driver.exists("c")).toBe(false);
  });

  it("move keeps the source when the copy is not its size, and when the source changed meanwhile", async () => {
    const short = await over((backend) => ({
      head: async (key, call) => {
        const info = await backend.head(key, call);
        return info && key === "b" ? { ...info, size: info.size - 1 } : info;
      },
    }));
    await short.upload("a", "hello");
    await expect(short.move("a", "b")).rejects.toMatchObject({ code: "corrupt" });
    expect(await short.exists("a")).toBe(true);

    const changed = await over((backend) => ({
      head: async (key, call) => {
        const info = await backend.head(key, call);
        return info && { ...info, etag: '"stale"' };
      },
    }));
    await changed.upload("a", "hello");
    await expect(changed.move("a", "b")).rejects.toMatchObject({ code: "conflict" });
    expect(await changed.exists("a")).toBe(true);
    await expect(changed.move("a", "a")).rejects.toMatchObject({ code: "invalid-option" });
    await expect(changed.move("none", "b")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("list", () => {
  it.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: 1001 }],
    ["limit", { limit: 1.5 }],
    ["delimiter", { delimiter: ":" as "/" }],
  ])("refuses %s: %j at the first step", async (name, options) => {
    const list = memory().list(options);
    await expect(list.pages().next()).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining(name),
    });
  });

  it("gives no group that it starts after, whatever the store does", async () => {
    const driver = await over((backend) => ({
      list: async (options) => ({ ...(await backend.list(options)), prefixes: ["a/", "b/"] }),
    }));
    const { value } = await driver.list({ delimiter: "/", startAfter: "a/" }).pages().next();
    expect(value?.prefixes).toEqual(["b/"]);
  });

  it("tells the driver which pages are of one iteration, also of a scope, of keys, and of what it deletes", async () => {
    const pages: (object | undefined)[] = [];
    const driver = await over((backend) => ({
      list: (options) => {
        pages.push(options.iteration);
        return backend.list({ ...options, limit: 1 });
      },
    }));
    const scope = driver.scoped("p/");
    for (const key of ["1", "2", "3"]) await scope.upload(key, "x");
    const list = driver.list();
    const all = async (entries: AsyncIterable<unknown>): Promise<void> => {
      for await (const entry of entries) void entry;
    };
    const runs = [
      () => all(list),
      () => all(list),
      () => all(driver.scoped("p").scoped("/").list()),
      () => driver.getKeys("", {}),
      () => driver.deletePrefix("p/"),
    ];
    const iterations = new Set<object | undefined>();
    for (const run of runs) {
      pages.length = 0;
      await run();
      // After a deletion another pass finds nothing.
      expect(new Set(pages.slice(0, 3)).size).toBe(1);
      iterations.add(pages[0]);
    }
    expect([...iterations].map((iteration) => typeof iteration)).toEqual(runs.map(() => "object"));
  });

  it("rejects invalid-key for a prefix with a dot segment", async () => {
    await expect(memory().list({ prefix: "../" }).pages().next()).rejects.toMatchObject({ code: "invalid-key" });
  });
});

describe("download and presign", () => {
  it.each([{ ifMatch: "bare" }, { ifNoneMatch: "" }, { ifMatch: '"a", "b"' }])(
    "download refuses the condition %j",
    async (options) => {
      const driver = memory();
      await driver.upload("a", "x");
      await expect(driver.download("a", options)).rejects.toMatchObject({ code: "invalid-option" });
    },
  );

  it.each(["0-1", 0])("download refuses the range %j", async (range) => {
    const driver = memory();
    await driver.upload("a", "x");
    await expect(driver.download("a", { range: range as never })).rejects.toMatchObject({ code: "invalid-range" });
  });

  it.each([0, 17, 1.5, "4"])("download refuses parallel: %j", async (parallel) => {
    const refusal = memory().download("a", { parallel: parallel as never });
    await expect(refusal).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("parallel must be a whole number from 1 to 16"),
    });
  });

  it("download tells the driver how many connections are wanted, and where errors of the body happen", async () => {
    const get = vi.fn<Backend["get"]>(async () => null);
    const driver = await over(() => ({ get }));
    await driver.download("a").catch(() => {});
    await driver.getItem("b", { parallel: 3 });
    expect(get.mock.calls).toMatchObject([
      ["a", { parallel: 1, place: { operation: "download", driver: "test", key: "a" } }],
      ["b", { parallel: 3 }],
    ]);
  });

  it("presign is null where the driver cannot, but bad options are refused", async () => {
    expect(await memory().presign("a")).toBeNull();
    await expect(memory().presign("a", { expiresIn: 0 })).rejects.toMatchObject({ code: "invalid-option" });
    await expect(memory().presign("..")).rejects.toMatchObject({ code: "invalid-key" });
    // A folder with a gateway would sign a URL of another version, or of none.
    for (const own of [{}, { presign: async () => ({}) as never }]) {
      const driver = toDriver({
        name: "unversioned",
        open: async () => ({ ...(await memory().getInstance()), ...own }),
      });
      await expect(driver.presign("a", { versionId: "v" })).rejects.toMatchObject({ code: "unsupported" });
    }
  });
});

describe("every verb", () => {
  const verbs: Readonly<Record<string, (driver: Driver, key: string, signal?: AbortSignal) => Promise<unknown>>> = {
    upload: (driver, key, signal) => driver.upload(key, "x", { signal }),
    download: (driver, key, signal) => driver.download(key, { signal }),
    delete: (driver, key, signal) => driver.delete(key, { signal }),
    exists: (driver, key, signal) => driver.exists(key, { signal }),
    head: (driver, key, signal) => driver.head(key, { signal }),
    presign: (driver, key, signal) => driver.presign(key, { signal }),
    copy: (driver, key, signal) => driver.copy(key, "to", { signal }),
    move: (driver, key, signal) => driver.move(key, "to", { signal }),
    deletePrefix: (driver, key, signal) => driver.deletePrefix(`${key}/`, { signal }),
    createMultipartUpload: (driver, key, signal) => driver.createMultipartUpload(key, { signal }),
  };

  it.each(Object.entries(verbs))("%s rejects invalid-key and names itself", async (operation, run) => {
    await expect(run(memory(), "../x")).rejects.toMatchObject({ code: "invalid-key", operation, driver: "memory" });
  });

  it.each(Object.entries(verbs))("%s asks no store when its signal was aborted before", async (_, run) => {
    const head = vi.fn();
    const driver = await over(() => ({ head, get: head, put: head, delete: head, list: head }));
    const reason = new Error("before");
    await expect(run(driver, "k", AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(head).not.toHaveBeenCalled();
  });

  it("exists rejects what is not an answer", async () => {
    const driver = await over(() => ({ head: refused }));
    await expect(driver.exists("k")).rejects.toMatchObject({ code: "denied", operation: "exists" });
  });
});
