import { Miniflare } from "miniflare";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import r2, { type R2Bucket, type R2Object } from "../../drivers/r2.ts";
import s3 from "../../drivers/s3.ts";
import type { StorageError } from "../../src/error.ts";

/** What a bucket answers next instead of what it would; `after` has it done all the same. */
interface Fault {
  readonly error: Error;
  readonly after?: boolean;
}

const internal = new Error("put: We encountered an internal error. Please try again. (10001)");

/** A bucket in memory that fails as it is told, for what the real one cannot be made to do. */
function bucket(...faults: Fault[]): R2Bucket & { readonly calls: string[]; readonly objects: Map<string, R2Object> } {
  const calls: string[] = [];
  const objects = new Map<string, R2Object>();
  const answer = async <T>(name: string, run: () => T): Promise<T> => {
    calls.push(name);
    const fault = faults.shift();
    if (fault?.after) run();
    if (fault) throw fault.error;
    return run();
  };
  const store = (key: string, size: number, { customMetadata }: Partial<R2Object>): R2Object => {
    const made = { key, size, httpEtag: `"${calls.length}"`, uploaded: new Date(), customMetadata };
    objects.set(key, made);
    return made;
  };
  const upload = (key: string, uploadId: string, options: object): ReturnType<R2Bucket["resumeMultipartUpload"]> => ({
    uploadId,
    uploadPart: (partNumber) => answer("uploadPart", () => ({ partNumber, etag: `part-${partNumber}` })),
    complete: () => answer("complete", () => store(key, 1, options)),
    abort: () => answer("abort", () => {}),
  });
  const uploads = new Map<string, object>();
  return {
    calls,
    objects,
    head: (key) => answer("head", () => objects.get(key) ?? null),
    get: (key) => answer("get", () => objects.get(key) ?? null),
    // What is cloned is what a proxy of a binding carries.
    put: (key, value, { onlyIf, ...options }: { onlyIf?: { etagDoesNotMatch?: string } }) =>
      answer("put", () => {
        const refused = structuredClone(onlyIf)?.etagDoesNotMatch === "*" && objects.has(key);
        return refused ? null : store(key, (value as Uint8Array).byteLength, options);
      }),
    delete: (keys) => answer("delete", () => [keys].flat().forEach((key) => objects.delete(key))),
    list: () => answer("list", () => ({ objects: [...objects.values()], delimitedPrefixes: [], truncated: false })),
    createMultipartUpload: (key, options) =>
      answer("create", () => upload(key, uploads.set("id", options).size.toString(), options)),
    resumeMultipartUpload: (key, uploadId) => upload(key, uploadId, uploads.get("id") ?? {}),
  };
}

describe("r2", () => {
  it.each([
    [10002, "unauthenticated"],
    [10003, "denied"],
    [10006, "bucket-not-found"],
    [100100, "too-large"],
    [10069, "denied"],
    [10012, "invalid-option"],
    [10020, "invalid-key"],
    [10037, "corrupt"],
    [19999, "unknown"],
  ])("rejects %i as %s, asked once", async (number, code) => {
    const binding = bucket({ error: new Error(`put: Refused. (${number})`) });
    await expect(r2({ binding }).upload("k", "x")).rejects.toMatchObject({ code, driver: "r2", key: "k" });
    expect(binding.calls).toEqual(["put"]);
  });

  it.each([internal, new Error("Network connection lost."), new Error("put: Slow down. (10058)")])(
    "asks again after %s, three times at most",
    async (error: Error) => {
      const once = bucket({ error });
      await r2({ binding: once }).upload("k", "x");
      expect(once.calls).toEqual(["put", "put"]);
      const always = bucket({ error }, { error }, { error }, { error }, { error });
      await expect(r2({ binding: always }).exists("k")).rejects.toMatchObject({ code: "unavailable" });
      expect(always.calls).toHaveLength(4);
    },
  );

  it("knows its own conditional write, whose answer was lost, by its id", async () => {
    const binding = bucket({ error: internal, after: true });
    const info = await r2({ binding }).upload("k", "x", { ifNoneMatch: "*", metadata: { a: "1" } });
    expect(info).toMatchObject({ key: "k", size: 1, metadata: { a: "1" } });
    expect(binding.calls).toEqual(["put", "put", "head"]);
  });

  it("makes a conditional write again that left nothing, and is in doubt when it may be another's that is there", async () => {
    const binding = bucket({ error: internal });
    await r2({ binding }).upload("k", "x", { ifNoneMatch: "*" });
    expect(binding.calls).toEqual(["put", "put"]);
    const taken = bucket({ error: internal });
    taken.objects.set("k", { key: "k", size: 1, httpEtag: '"1"', uploaded: new Date() });
    await expect(r2({ binding: taken }).upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "ambiguous",
    });
    expect(taken.calls).toEqual(["put", "put", "head"]);
  });

  it("is in no doubt about a conditional write that R2 put off", async () => {
    const binding = bucket({ error: new Error("put: Slow down. (10058)") });
    binding.objects.set("k", { key: "k", size: 1, httpEtag: '"1"', uploaded: new Date() });
    await expect(r2({ binding }).upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "precondition-failed",
    });
    expect(binding.calls).toEqual(["put", "put"]);
  });

  it("knows its own completed upload, whose answer was lost, by its id", async () => {
    const binding = bucket();
    const upload = await r2({ binding }).createMultipartUpload("k");
    const part = await upload.uploadPart(1, "x");
    Object.assign(binding, { resumeMultipartUpload: bucketThatLoses(binding) });
    expect(await upload.complete([part])).toMatchObject({ key: "k", size: 1 });
    expect(binding.calls.slice(-2)).toEqual(["head", "head"]);
  });

  it("says of a write whose answer was lost that it may be there, whatever a second one was refused with", async () => {
    const binding = bucket({ error: internal, after: true }, { error: new Error("put: Denied. (10003)") });
    await expect(r2({ binding }).upload("k", "x")).rejects.toMatchObject({ code: "unavailable", retryable: true });
    expect([...binding.objects.keys()]).toEqual(["k"]);
  });

  it("completes no upload on a condition of its state, which R2 would pass over", async () => {
    const binding = bucket();
    const begun = await r2({ binding }).createMultipartUpload("k");
    for (const condition of [{ ifNoneMatch: "*" }, { ifMatch: '"1"' }] as const) {
      const upload = await r2({ binding }).resumeMultipartUpload("k", { ...begun.state(), ...condition });
      const part = await upload.uploadPart(1, "x");
      await expect(upload.complete([part])).rejects.toMatchObject({ code: "unsupported" });
    }
    expect(binding.calls).not.toContain("complete");
  });

  it("takes no object without an id for that of an upload of which the id alone is known", async () => {
    const binding = bucket();
    const { uploadId } = await r2({ binding }).createMultipartUpload("k");
    binding.objects.set("k", { key: "k", size: 1, httpEtag: '"other"', uploaded: new Date() });
    const upload = await r2({ binding }).resumeMultipartUpload("k", uploadId);
    expect((await upload.send(() => "x", { verify: false })).etag).not.toBe('"other"');
    expect(binding.calls).toContain("complete");
  });

  it("deletes nothing on a condition, which R2 would pass over", async () => {
    const binding = bucket();
    binding.objects.set("k", { key: "k", size: 1, httpEtag: '"1"', uploaded: new Date() });
    await expect(r2({ binding }).delete("k", { ifMatch: '"1"' })).rejects.toMatchObject({ code: "unsupported" });
    expect(binding.calls).not.toContain("delete");
  });

  it("names all keys of a batch that failed, and goes on with the next", async () => {
    const binding = bucket({ error: new Error("delete: Denied. (10003)") });
    const keys = Array.from({ length: 1001 }, (_, index) => `k${index}`);
    await expect(r2({ binding }).delete(keys)).rejects.toMatchObject({ code: "partial", deleted: ["k1000"] });
    expect(binding.calls).toEqual(["delete", "delete"]);
  });

  it("names of a batch the keys alone that R2 refuses, and deletes the others", async () => {
    const binding = bucket();
    const base = "b".repeat(20);
    const keys = Array.from({ length: 1500 }, (_, index) =>
      index % 600 === 7 ? "k".repeat(1010) + index : `k${index}`,
    );
    for (const key of keys) await binding.put(`${base}/${key}`, new Uint8Array(1), {});
    let batches = 0;
    const remove: R2Bucket["delete"] = (names) => {
      batches++;
      if ([names].flat().some((name) => name.length > 1024))
        return Promise.reject(new Error("delete: The specified object name is not valid. (10020)"));
      return binding.delete(names);
    };
    const error: unknown = await r2({ binding: { ...binding, delete: remove }, base })
      .delete(keys)
      .catch((thrown: unknown) => thrown);
    const refused = keys.filter((key) => key.length > 1000);
    expect(error).toMatchObject({
      code: "partial",
      errors: refused.map((key) => ({ key, error: { code: "invalid-key" } })),
    });
    expect((error as StorageError).deleted).toHaveLength(1500 - refused.length);
    expect([...binding.objects.keys()]).toEqual(refused.map((key) => `${base}/${key}`));
    expect([refused.length, batches < 80]).toEqual([3, true]);
  });

  it.each(["one key", "several"])(
    "says of a delete of %s whose answer was lost that it may have been done, whatever a second one was refused with",
    async (which) => {
      const denied = { error: new Error("delete: Denied. (10003)") };
      const binding = bucket({ error: internal, after: true }, denied);
      const lost = { code: "unavailable", retryable: true, message: expect.stringContaining("(10001)") };
      const driver = r2({ binding });
      if (which === "one key") await expect(driver.delete("k")).rejects.toMatchObject(lost);
      else
        await expect(driver.delete(["k", "l"])).rejects.toMatchObject({ errors: [{ error: lost }, { error: lost }] });
      expect(binding.calls).toEqual(["delete", "delete"]);
      // A name that R2 does not take was not deleted by the first one either.
      const badName = { error: new Error("delete: The specified key is not valid. (10020)") };
      const unnamed = bucket({ error: internal, after: true }, badName);
      await expect(r2({ binding: unnamed }).delete("k")).rejects.toMatchObject({ code: "invalid-key" });
      // Of one that certainly was not begun the refusal tells.
      const slow = bucket({ error: new Error("delete: Slow down. (10058)") }, denied);
      await expect(r2({ binding: slow }).delete("k")).rejects.toMatchObject({ code: "denied" });
    },
  );

  it("rejects a list that goes on nowhere, which would look complete", async () => {
    const list = async () => ({ objects: [], delimitedPrefixes: [], truncated: true });
    await expect(
      r2({ binding: { ...bucket(), list } })
        .list()
        .pages()
        .next(),
    ).rejects.toMatchObject({
      code: "corrupt",
    });
    const looping = async () => ({ ...(await list()), cursor: "same" });
    const pages = r2({ binding: { ...bucket(), list: looping } })
      .list()
      .pages();
    await pages.next();
    await expect(pages.next()).rejects.toMatchObject({ code: "corrupt" });
  });

  it("an abort ends the waiting for a bucket that does not answer", async () => {
    const binding = { ...bucket(), head: () => new Promise<null>(() => {}) };
    const control = new AbortController();
    const asked = r2({ binding }).exists("k", { signal: control.signal });
    control.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });

  it("lists no object that is its base, as tools make one for a folder: no verb could name it", async () => {
    const binding = bucket();
    const store = r2({ binding, base: "a" });
    await store.upload("k", "x");
    await r2({ binding }).upload("a/", "");
    const keys: unknown[] = [];
    for await (const { key } of store.list()) keys.push(key);
    expect(keys).toEqual(["k"]);
  });

  it("puts its base before keys, and takes it off again", async () => {
    const binding = bucket();
    const store = r2({ binding, base: "/a/b/", publicUrl: "https://cdn.example.com" });
    const info = await store.upload("c d", "x");
    expect(info).toMatchObject({ key: "c d", url: "https://cdn.example.com/a/b/c%20d", location: "r2:a/b/c%20d" });
    expect([...binding.objects.keys()]).toEqual(["a/b/c d"]);
    const keys: string[] = [];
    for await (const { key = "" } of store.list()) keys.push(key);
    expect(keys).toEqual(["c d"]);
  });

  it("presigns through an s3 driver, and only through one that can", async () => {
    const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "hidden" };
    const other = s3({
      bucket: "bucket",
      endpoint: "https://account.r2.cloudflarestorage.com",
      region: "auto",
      ...keys,
    });
    const binding = bucket();
    expect(await r2({ binding }).presign("k")).toBe(null);
    expect((await r2({ binding, s3: other }).presign("k"))?.url).toContain("/bucket/k?X-Amz-Algorithm=");
    await expect(r2({ binding, s3: memory() }).presign("k")).rejects.toMatchObject({ code: "invalid-option" });
    expect(binding.calls).toEqual([]);
  });

  it("finds a binding by its name, also one that comes after the first call", async () => {
    const store = r2({ binding: "LATE" });
    await expect(store.exists("k")).rejects.toMatchObject({ code: "invalid-option", operation: "open" });
    Object.assign(globalThis, { __env__: { LATE: bucket() } });
    expect(await store.exists("k")).toBe(false);
    Reflect.deleteProperty(globalThis, "__env__");
    await expect(r2({}).exists("k")).rejects.toMatchObject({ code: "invalid-option" });
  });
});

/** A stream of the Workers runtime, for what it says; gives the lengths of those that are made. */
function withFixedLengths(): number[] {
  const lengths: number[] = [];
  class Fixed extends TransformStream<Uint8Array, Uint8Array> {
    constructor(length: number) {
      super();
      lengths.push(length);
    }
  }
  vi.stubGlobal("FixedLengthStream", Fixed);
  return lengths;
}
afterEach(() => vi.unstubAllGlobals());

describe("r2 with a stream of known length", () => {
  const SIZE = 9 * 2 ** 20;

  /** A bucket that has an object as soon as all its bytes have come, as R2 has, and what it was sent. */
  function streaming(): R2Bucket & { readonly stored: string[] } {
    withFixedLengths();
    const stored: string[] = [];
    const put: R2Bucket["put"] = async (key, value) => {
      let left = SIZE;
      const reader = (value as ReadableStream<Uint8Array>).getReader();
      while (left > 0) left -= (await reader.read()).value?.byteLength ?? SIZE + 1;
      if (left < 0) throw new TypeError("the stream was shorter");
      stored.push(key);
      await reader.read();
      return { key, size: SIZE, httpEtag: '"1"', uploaded: new Date() };
    };
    return { ...bucket(), stored, put };
  }

  /** All bytes, and then what `end` does. */
  const source = (
    end: (controller: ReadableStreamDefaultController<Uint8Array>) => void,
  ): ReadableStream<Uint8Array> => {
    let pulled = 0;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (pulled++ === 0) return controller.enqueue(new Uint8Array(SIZE));
          // The bytes before have long arrived.
          for (let turn = 0; turn < 20; turn++) await new Promise((next) => setImmediate(next));
          end(controller);
        },
      },
      { highWaterMark: 0 },
    );
  };

  it("stores it when it ends there", async () => {
    const binding = streaming();
    await r2({ binding }).upload(
      "k",
      source((controller) => controller.close()),
      { size: SIZE },
    );
    expect(binding.stored).toEqual(["k"]);
  });

  it("stores nothing of one that goes on, or breaks, after its last byte", async () => {
    const binding = streaming();
    const longer = source((controller) => controller.enqueue(new Uint8Array(1)));
    await expect(r2({ binding }).upload("k", longer, { size: SIZE })).rejects.toMatchObject({ code: "invalid-option" });
    const broken = source((controller) => controller.error(new Error("the line broke")));
    await expect(r2({ binding }).upload("k", broken, { size: SIZE })).rejects.toThrow("the line broke");
    expect(binding.stored).toEqual([]);
  });

  it("sends it once, though R2 says that a second time may do", async () => {
    const binding = streaming();
    const put = vi.fn<R2Bucket["put"]>(async (...call) => {
      await binding.put(...call);
      throw internal;
    });
    const whole = source((controller) => controller.close());
    const sent = r2({ binding: { ...binding, put } }).upload("k", whole, { size: SIZE });
    await expect(sent).rejects.toMatchObject({ code: "unavailable" });
    expect(put).toHaveBeenCalledTimes(1);
  });

  it("sends it in parts where the runtime has no stream that says its length", async () => {
    const binding = bucket();
    await r2({ binding }).upload("k", new Blob([new Uint8Array(SIZE)]));
    expect(binding.calls).toEqual(["create", "uploadPart", "uploadPart", "complete"]);
  });
});

describe("r2's body of an object", () => {
  /** A bucket with one object of three bytes, and whether its body was cancelled. */
  function holding(body: UnderlyingDefaultSource<Uint8Array>): R2Bucket & { readonly cancelled: () => boolean } {
    let cancelled = false;
    const object = {
      ...{ key: "k", size: 3, httpEtag: '"1"', uploaded: new Date() },
      body: new ReadableStream<Uint8Array>({ ...body, cancel: () => void (cancelled = true) }, { highWaterMark: 0 }),
    };
    return { ...bucket(), get: async () => object, cancelled: () => cancelled };
  }

  it("is let go when the range is beyond its end, and when it comes after an abort", async () => {
    const short = holding({});
    await expect(r2({ binding: short }).download("k", { range: { start: 3 } })).rejects.toMatchObject({
      code: "invalid-range",
    });
    expect(short.cancelled()).toBe(true);
    const late = holding({});
    const control = new AbortController();
    const get: R2Bucket["get"] = async (...asked) => {
      control.abort(new Error("enough"));
      return late.get(...asked);
    };
    await expect(r2({ binding: { ...late, get } }).download("k", { signal: control.signal })).rejects.toThrow("enough");
    await expect.poll(() => late.cancelled()).toBe(true);
  });

  it("that breaks off rejects as unavailable, and one that is aborted with the reason", async () => {
    const pull = (): Promise<never> => Promise.reject(new Error("Network connection lost."));
    const object = await r2({ binding: holding({ pull }) }).download("k");
    await expect(object.bytes()).rejects.toMatchObject({ code: "unavailable", key: "k", retryable: true });
    const control = new AbortController();
    const hanging = await r2({ binding: holding({}) }).download("k", { signal: control.signal });
    const read = hanging.bytes();
    control.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
  });

  it("that is larger than a buffer can be rejects too-large, and is let go", async () => {
    const huge = Object.defineProperty(new Uint8Array(1), "byteLength", { value: 2 ** 52 });
    const binding = holding({ pull: (controller) => controller.enqueue(huge) });
    await expect((await r2({ binding }).download("k")).bytes()).rejects.toMatchObject({ code: "too-large", key: "k" });
    await expect.poll(() => binding.cancelled()).toBe(true);
  });

  it("that ends early rejects as unavailable, and is not taken for the whole", async () => {
    const cut = async (range?: { start: number }) => {
      let given = 0;
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
        given++ ? controller.close() : controller.enqueue(new Uint8Array(1));
      return r2({ binding: holding({ pull }) }).download("k", { range });
    };
    const error = { code: "unavailable", key: "k", retryable: true };
    await expect((await cut()).bytes()).rejects.toMatchObject(error);
    await expect((await cut({ start: 1 })).text()).rejects.toMatchObject(error);
    expect((await (await cut({ start: 2 })).bytes()).byteLength).toBe(1);
  });

  it("says its length, also where an abort may end it, so that a response has it", async () => {
    const lengths = withFixedLengths();
    const { signal } = new AbortController();
    await r2({ binding: holding({}) }).download("k", { signal });
    await r2({ binding: holding({}) }).download("k", { signal, range: { start: 1 } });
    expect(lengths).toEqual([3, 2]);
  });
});

describe("r2 by a proxy of a binding on Node", () => {
  it("gives ranges, and heeds conditions of quoted stars", async () => {
    const script = "export default { fetch: () => new Response() }";
    const workerd = new Miniflare({ modules: true, script, compatibilityDate: "2026-04-01", r2Buckets: ["BUCKET"] });
    onTestFinished(() => workerd.dispose());
    const store = r2({ binding: (await workerd.getR2Bucket("BUCKET")) as unknown as R2Bucket });
    await store.upload("k", "0123456789");
    for (const [range, text] of [
      [{ start: 2, end: 4 }, "234"],
      [{ start: 8, end: Number.MAX_SAFE_INTEGER }, "89"],
      [{ start: 7 }, "789"],
      [{ suffix: 3 }, "789"],
      [{ suffix: 30 }, "0123456789"],
    ] as const)
      expect(await (await store.download("k", { range })).text()).toBe(text);
    await expect(store.download("k", { range: { start: 10 } })).rejects.toMatchObject({ code: "invalid-range" });
    await expect(store.upload("k", "x", { ifMatch: '"*"' })).rejects.toMatchObject({ code: "precondition-failed" });
    expect(await (await store.download("k", { ifNoneMatch: '"*"' })).text()).toBe("0123456789");
  });
});

/** Completes, and then fails. */
function bucketThatLoses(binding: R2Bucket): R2Bucket["resumeMultipartUpload"] {
  const { resumeMultipartUpload } = binding;
  return (key, uploadId) => {
    const upload = resumeMultipartUpload(key, uploadId);
    return {
      ...upload,
      complete: async (parts) => {
        await upload.complete(parts);
        throw new Error("completeMultipartUpload: We encountered an internal error. Please try again. (10001)");
      },
    };
  };
}
