import { setTimeout as sleep } from "node:timers/promises";
import { createStorage } from "unstorage";
import { describe, expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Backend, MultipartBackend, StoredPart } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import { cut, noise, source } from "../../src/conformance/bytes.ts";
import { type Driver, toDriver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";
import type { ObjectStore, UploadState } from "../../src/interface.ts";
import { objects } from "../../src/mounts.ts";
import { leaving } from "../support/leaving.ts";

const PART = 1000;
const data = noise(4 * PART + 7);

interface Store {
  readonly driver: Driver;
  readonly parts: Map<number, Uint8Array>;
  readonly sent: number[];
  readonly memory: MemoryBudget;
  /** Fails from this part number on. */
  breakAt: number;
  gone: boolean;
  completed: string | null;
  result: Uint8Array | undefined;
  /** Refuses to show the object. */
  blind: boolean;
  /** Milliseconds that a part takes. */
  slow: number;
  /** Where the object was read. */
  readonly read: number[];
}

/** A store of parts in memory, shared by all drivers of a test. */
async function store(): Promise<Store> {
  const backend = await memory().getInstance();
  const budget = new MemoryBudget(20 * PART, PART, 3);
  const parts = new Map<number, Uint8Array>();
  const etag = (bytes: Uint8Array): string => `"${Buffer.from(bytes).toString("base64").slice(0, 30)}${bytes.length}"`;
  const steps: MultipartBackend = {
    plan: { partSize: PART, concurrency: 2, memory: budget },
    maxPart: PART,
    create: async () => ({ uploadId: "id", writeId: "mark" }),
    async uploadPart(_key, _id, partNumber, bytes, { signal }) {
      await sleep(made.slow, undefined, signal && { signal });
      if (partNumber >= made.breakAt) throw new Error("the line broke");
      made.sent.push(partNumber);
      parts.set(partNumber, bytes.slice());
      return { partNumber, etag: etag(bytes), size: bytes.byteLength };
    },
    async complete(_key, _id, list) {
      for (const part of list) expect(part.etag).toBe(etag(parts.get(part.partNumber) as Uint8Array));
      made.result = Buffer.concat(list.map((part) => parts.get(part.partNumber) as Uint8Array));
      made.gone = true;
      return { etag: '"all"' };
    },
    abort: async () => {
      throw new Error("send must not abort");
    },
    parts: async () =>
      made.gone
        ? null
        : [...parts].map(([partNumber, bytes]): StoredPart => ({ partNumber, size: bytes.length, etag: etag(bytes) })),
    async completed(_key, { writeId }) {
      if (made.blind) throw new StorageError("denied", "write only");
      return writeId === "mark" && made.completed !== null ? { etag: made.completed } : null;
    },
    pending: async () => ({ uploads: [] }),
  };
  const head = async (key: string): Promise<{ key: string; size: number; etag: string }> => {
    if (made.blind) throw new StorageError("denied", "write only");
    return { key, size: made.result?.byteLength ?? 1, etag: "" };
  };
  const get: Backend["get"] = async (key, { range, ifMatch }) => {
    const { start, end } = range as { start: number; end: number };
    made.read.push(start);
    if (start >= (made.result as Uint8Array).byteLength) throw new StorageError("invalid-range", "beyond the end");
    expect(ifMatch).toBe(made.completed);
    const bytes = (made.result as Uint8Array).subarray(start, end + 1);
    return { info: await head(key), range: { start, end }, body: new Response(Uint8Array.from(bytes)).body as never };
  };
  const driver = toDriver({ name: "test", open: () => ({ ...backend, head, get, multipart: steps }) });
  const made: Store = {
    ...{ driver, parts, sent: [], memory: budget, breakAt: Infinity, gone: false, completed: null, result: undefined },
    ...{ blind: false, read: [], slow: 0 },
  };
  return made;
}

/** Sends until part `at` fails, and gives the state as another process would read it. */
async function interrupted(made: Store, at: number): Promise<UploadState> {
  made.breakAt = at;
  const upload = await made.driver.createMultipartUpload("k", { size: data.length });
  await expect(upload.send(() => source(cut(data, [300])).stream)).rejects.toThrow("the line broke");
  made.breakAt = Infinity;
  made.sent.length = 0;
  return JSON.parse(JSON.stringify(upload.state())) as UploadState;
}

describe("send", () => {
  it("sends a whole source and completes", async () => {
    const made = await store();
    const progress: number[] = [];
    const upload = await made.driver.createMultipartUpload("k", { size: data.length });
    const info = await upload.send((start) => source(cut(data.subarray(start), [300])).stream, {
      onProgress: ({ loaded, total }) => progress.push(loaded, total ?? -1),
    });
    expect(info).toMatchObject({ key: "k", etag: '"all"' });
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
    expect(progress.slice(-2)).toEqual([data.length, data.length]);
    expect(made.memory.used).toBe(0);
  });

  it.each([0, 1, PART, 2 * PART])("takes %i bytes, in memory and as a stream", async (size) => {
    for (const open of [() => data.subarray(0, size), () => source(cut(data.subarray(0, size), [300])).stream]) {
      const made = await store();
      const upload = await made.driver.createMultipartUpload("k");
      await upload.send(open);
      expect(Buffer.compare(made.result ?? Buffer.from("none"), data.subarray(0, size))).toBe(0);
      expect(made.sent).toHaveLength(Math.max(1, Math.ceil(size / PART)));
    }
  });

  it.each([true, false])("sends only what is missing, with verify %s", async (verify) => {
    const made = await store();
    const state = await interrupted(made, 3);
    expect(state.parts.map(({ partNumber }) => partNumber).sort()).toEqual([1, 2]);
    const starts: number[] = [];
    const upload = await made.driver.resumeMultipartUpload("k", state);
    const open = (start: number): ReadableStream<Uint8Array> => {
      starts.push(start);
      return source(cut(data.subarray(start), [300])).stream;
    };
    const loaded: number[] = [];
    await upload.send(open, { verify, onProgress: (progress) => loaded.push(progress.loaded) });
    expect(made.sent.sort()).toEqual([3, 4, 5]);
    expect(starts).toEqual([verify ? 0 : 2 * PART]);
    expect(loaded.at(-1)).toBe(data.length);
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
  });

  it("tells beforehand where it opens the source: behind what is known and stored, in a row", async () => {
    const made = await store();
    const state = await interrupted(made, 4);
    expect(state.parts).toHaveLength(3);
    const upload = await made.driver.resumeMultipartUpload("k", state);
    expect(await upload.offset()).toBe(3 * PART);
    expect(await (await made.driver.resumeMultipartUpload("k", "id")).offset()).toBe(0);
    made.parts.delete(2);
    expect(await upload.offset()).toBe(PART);
    const starts: number[] = [];
    const open = (start: number): Uint8Array<ArrayBuffer> => {
      starts.push(start);
      return data.subarray(start);
    };
    await upload.send(open, { verify: false });
    expect(starts).toEqual([PART]);
    expect(made.sent.sort()).toEqual([2, 4, 5]);
  });

  it.each(["fails", "ends"])("keeps the parts that have come whole when the source %s", async (how) => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k", { size: data.length });
    const loaded: number[] = [];
    const bytes = cut(data.subarray(0, 3 * PART + 5), [1000]);
    const body = source(bytes, how === "fails" ? { fail: new Error("gone") } : "end").stream;
    made.slow = 30;
    const sending = upload.send(() => body, { onProgress: (progress) => loaded.push(progress.loaded) });
    await expect(sending).rejects.toMatchObject({ code: how === "fails" ? "interrupted" : "invalid-option" });
    expect([await upload.offset(), loaded.at(-1), made.memory.used]).toEqual([3 * PART, 3 * PART, 0]);
    await upload.send((start) => data.subarray(start), { verify: false });
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
    expect(made.sent.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ["bytes", (bytes: Uint8Array<ArrayBuffer>) => bytes],
    ["a Blob", (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes])],
    ["a Request", (bytes: Uint8Array<ArrayBuffer>) => new Request("http://h/", { method: "PUT", body: bytes })],
  ])("takes %s as a piece, and refuses at once what is longer than the rest", async (_, form) => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k", { size: data.length });
    const piece = upload.send(() => form(data.slice(0, 2 * PART + 5)));
    await expect(piece).rejects.toMatchObject({ code: "invalid-option" });
    expect(await upload.offset()).toBe(2 * PART);
    const longer = upload.send(() => form(noise(data.length + 1)));
    await expect(longer).rejects.toMatchObject({ code: "invalid-option" });
    await upload.send((start) => form(data.slice(start)), { verify: false });
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
    expect(made.memory.used).toBe(0);
  });

  it("leaves what is on its way when it is aborted", async () => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k", { size: data.length });
    const control = new AbortController();
    const reason = new Error("left");
    made.slow = 100_000;
    const hung = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(data.slice(0, PART + 1));
        await new Promise(() => {});
      },
    });
    const sending = upload.send(() => hung, { signal: control.signal });
    setTimeout(() => control.abort(reason), 30);
    await expect(sending).rejects.toBe(reason);
    expect(made.memory.used).toBe(0);
  });

  it("tells the size of an object that it has become, and that it is over", async () => {
    const made = await store();
    const state = await interrupted(made, 3);
    made.gone = true;
    const upload = await made.driver.resumeMultipartUpload("k", state);
    await expect(upload.offset()).rejects.toMatchObject({ code: "not-found", key: "k", operation: "listParts" });
    Object.assign(made, { completed: '"done"', result: data });
    expect(await upload.offset()).toBe(data.length);
    const reason = new Error("left");
    await expect(upload.offset({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(upload.offset({ limit: 1 } as object)).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("never joins parts of two files: those that differ are sent again", async () => {
    const made = await store();
    const state = await interrupted(made, 4);
    const other = Uint8Array.from(data);
    other[PART + 5] = (other[PART + 5] as number) ^ 1;
    const upload = await made.driver.resumeMultipartUpload("k", state);
    await upload.send(() => other);
    expect(made.sent.sort()).toEqual([2, 4, 5]);
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), other)).toBe(0);
  });

  it("does not trust a part that the store holds in another form than was sent, or not at all", async () => {
    const made = await store();
    const state = await interrupted(made, 4);
    made.parts.set(1, noise(PART, 5));
    made.parts.delete(2);
    await (await made.driver.resumeMultipartUpload("k", state)).send(() => data, { verify: false });
    expect(made.sent.sort()).toEqual([1, 2, 4, 5]);
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
  });

  it("goes on by an id alone, and then sends everything again", async () => {
    const made = await store();
    await interrupted(made, 4);
    await (await made.driver.resumeMultipartUpload("k", "id")).send(() => data);
    expect(made.sent.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("can be called again on the same upload", async () => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k");
    made.breakAt = 2;
    await expect(upload.send(() => data)).rejects.toThrow();
    made.breakAt = Infinity;
    await upload.send(() => data);
    expect(made.sent.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads nothing more when all parts are there and only the completion is missing", async () => {
    const made = await store();
    const full = data.subarray(0, 4 * PART);
    const upload = await made.driver.createMultipartUpload("k");
    for (let n = 0; n < 4; n++) made.parts.set(n + 1, full.slice(n * PART, (n + 1) * PART));
    const parts = (await upload.parts()).map((part) => ({ ...part, digest: "unread" }));
    const again = await made.driver.resumeMultipartUpload("k", { ...upload.state(), parts });
    await again.send((start) => source(cut(full.subarray(start), [300])).stream, { verify: false });
    expect(made.sent).toEqual([]);
    expect(made.result).toHaveLength(4 * PART);
    expect(made.memory.used).toBe(0);
  });

  it("opens the source at a last part that is short, since the source may have grown", async () => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k");
    for (let n = 0; n < 5; n++) made.parts.set(n + 1, data.slice(n * PART, (n + 1) * PART));
    const parts = (await upload.parts()).map((part) => ({ ...part, digest: "unread" }));
    const again = await made.driver.resumeMultipartUpload("k", { ...upload.state(), parts });
    expect(await again.offset()).toBe(4 * PART);
    const grown = Uint8Array.of(...data, ...noise(PART));
    await again.send((start) => grown.subarray(start), { verify: false });
    expect(Buffer.compare(made.result as Uint8Array, grown)).toBe(0);
  });

  it("takes an upload that its mark shows to be completed as done, and one that is gone as lost", async () => {
    const made = await store();
    const state = await interrupted(made, 3);
    made.gone = true;
    const upload = await made.driver.resumeMultipartUpload("k", state);
    await expect(upload.send(() => data)).rejects.toMatchObject({ code: "not-found" });
    made.completed = '"done"';
    made.result = data;
    expect(await upload.send(() => data)).toMatchObject({ etag: '"done"', size: data.length });
    // What the state does not know of is read.
    expect(made.read.sort()).toEqual([2 * PART, 3 * PART, 4 * PART]);
    expect(await upload.send(() => source(cut(data, [300])).stream)).toMatchObject({ etag: '"done"' });
  });

  it.each([
    ["a byte differs that the state knows", 5, data.length],
    ["a byte differs that it does not", 3 * PART, data.length],
    ["it is shorter", undefined, data.length - 1],
    ["it is shorter by a part", undefined, 4 * PART],
    ["it is longer", undefined, data.length + 1],
    ["it is longer by a part", undefined, 6 * PART],
  ])("does not take an upload as done whose source has changed since: %s", async (_, at, length) => {
    const made = await store();
    const { size: _size, ...state } = await interrupted(made, 3);
    Object.assign(made, { gone: true, completed: '"done"', result: data });
    const changed = noise(6 * PART).subarray(0, length);
    changed.set(data.subarray(0, length));
    if (at !== undefined) changed[at] = (changed[at] as number) ^ 1;
    const upload = await made.driver.resumeMultipartUpload("k", state);
    await expect(upload.send(() => changed)).rejects.toMatchObject({ code: "conflict", retryable: false });
    expect(await upload.send(() => changed, { verify: false })).toMatchObject({ etag: '"done"' });
  });

  it("holds a source of no bytes, and one of a single byte, against the object of an upload that is done", async () => {
    const made = await store();
    Object.assign(made, { gone: true, completed: '"done"', result: data.subarray(0, 1) });
    const upload = await made.driver.createMultipartUpload("k");
    expect(await upload.send(() => data.subarray(0, 1))).toMatchObject({ etag: '"done"', size: 1 });
    for (const other of [data.map((byte) => byte ^ 1).subarray(0, 1), data.subarray(0, 0)])
      await expect(upload.send(() => other)).rejects.toMatchObject({ code: "conflict" });
    made.result = data.subarray(0, 0);
    expect(await upload.send(() => data.subarray(0, 0))).toMatchObject({ etag: '"done"', size: 0 });
    // Of which the object has no byte that could be asked for.
    await expect(upload.send(() => data.subarray(0, 1))).rejects.toMatchObject({ code: "conflict" });
  });

  it("and complete resolve with what is known where the object may not be looked at", async () => {
    const made = await store();
    made.blind = true;
    const upload = await made.driver.createMultipartUpload("k");
    expect(await upload.send(() => data)).toMatchObject({ key: "k", size: data.length, etag: '"all"' });
    const again = await made.driver.createMultipartUpload("k");
    const part = await again.uploadPart(1, data.subarray(0, 7));
    expect(await again.complete([part])).toMatchObject({ size: 7, etag: '"all"' });
    const { size: _size, ...bare } = part;
    await expect(again.complete([bare])).rejects.toMatchObject({ code: "ambiguous", cause: { code: "denied" } });
  });

  it("and complete are in doubt where the object that they made is gone when they look at it", async () => {
    const made = await store();
    const backend = await made.driver.getInstance();
    const driver = toDriver({ name: "test", open: () => ({ ...backend, head: async () => null }) });
    const upload = await driver.createMultipartUpload("k");
    await expect(upload.send(() => data)).rejects.toMatchObject({ code: "ambiguous", key: "k" });
  });

  it("does not wait for a source that has stopped when a part has failed", async () => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k");
    made.breakAt = 1;
    const body = source(cut(data.subarray(0, PART + 500), [300]), { hang: () => {} });
    await expect(upload.send(() => body.stream)).rejects.toThrow("the line broke");
    expect(await body.over).toBe("cancelled");
  });

  it("lets go of a source that it cannot read: one that begins behind the size of a state", async () => {
    const made = await store();
    const state = { ...(await interrupted(made, 3)), size: PART };
    const body = source(cut(data, [300]));
    const upload = await made.driver.resumeMultipartUpload("k", state);
    await expect(upload.send(() => body.stream, { verify: false })).rejects.toMatchObject({ code: "invalid-option" });
    expect(await body.over).toBe("cancelled");
  });

  it.each([
    ["parts", false],
    ["memory", false],
    ["complete", false],
    ["head", false],
    ["completed", true],
    ["head", true],
    ["get", true],
  ])("ends with the reason of an abort while it waits for %s, of one that is done: %s", async (name, done) => {
    const made = await store();
    const state = await interrupted(made, 3);
    if (done) Object.assign(made, { gone: true, completed: '"done"', result: data });
    const { signal, reason, leave, waiting } = leaving();
    const backend = await made.driver.getInstance();
    const multipart = backend.multipart as MultipartBackend;
    const driver = toDriver({
      name: "test",
      open: () => ({
        ...(name in backend ? { ...backend, [name]: waiting } : backend),
        multipart: name in multipart ? { ...multipart, [name]: waiting } : multipart,
      }),
    });
    if (name === "memory") while (made.memory.used < 18 * PART) made.memory.seal(await made.memory.take(PART, 0));
    const upload = await driver.resumeMultipartUpload("k", state);
    const open = (): ReadableStream<Uint8Array> => {
      if (name === "memory") leave();
      return source(cut(data, [300])).stream;
    };
    await expect(upload.send(open, { signal })).rejects.toBe(reason);
  });

  it("cancels the source when the caller aborts, and leaves the upload", async () => {
    const made = await store();
    const control = new AbortController();
    const reason = new Error("paused");
    const body = source(cut(data, [300]), { hang: () => control.abort(reason) });
    const upload = await made.driver.createMultipartUpload("k");
    await expect(upload.send(() => body.stream, { signal: control.signal })).rejects.toBe(reason);
    expect(await body.over).toBe("cancelled");
    expect(made.memory.used).toBe(0);
    await upload.send(() => data);
    expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
  });

  it("refuses a body in place of what opens it, which could be read once alone", async () => {
    const { driver, sent } = await store();
    const upload = await driver.createMultipartUpload("k");
    const body = source(cut(data, [300]));
    const error = await upload.send(body.stream as never).catch((reason: unknown) => reason);
    expect(await body.over).toBe("cancelled");
    expect(error).toMatchObject({ code: "invalid-option", key: "k" });
    expect((error as Error).message).toContain("open must be a function");
    expect(sent).toEqual([]);
  });

  it("refuses a body that is not as long as size says", async () => {
    const made = await store();
    const upload = await made.driver.createMultipartUpload("k", { size: data.length + 1 });
    await expect(upload.send(() => data)).rejects.toMatchObject({ code: "invalid-option" });
    await expect(upload.send(() => source(cut(data, [300])).stream)).rejects.toMatchObject({ code: "invalid-option" });
    expect(made.gone).toBe(false);
  });
});

it("send stores parts by the algorithm that the upload was begun with, lets them be stopped, and completes as it was begun", async () => {
  const made = await store();
  const backend = await made.driver.getInstance();
  const given: unknown[] = [];
  const multipart: MultipartBackend = {
    ...(backend.multipart as MultipartBackend),
    uploadPart: async (_key, _id, partNumber, _bytes, options) => {
      given.push(options);
      return { partNumber, etag: '"e"' };
    },
    complete: async (_key, _id, _parts, options) => {
      given.push(options);
      return { etag: '"all"' };
    },
  };
  const driver = toDriver({ name: "test", open: () => ({ ...backend, multipart }) });
  const kept = { checksum: "CRC32C full", writeId: "mark", ifMatch: '"e"' };
  const state = { key: "k", uploadId: "id", partSize: PART, ...kept, parts: [] };
  await (await driver.resumeMultipartUpload("k", state)).send(() => data.subarray(0, 1));
  expect(given).toEqual([{ checksum: "CRC32C full", signal: expect.any(AbortSignal) }, kept]);
});

it.each([
  ['"all"', "v1"],
  ['"newer"', undefined],
])(
  "send tells the version of a store that names it by HEAD alone, when the object %s is still its own",
  async (etag, versionId) => {
    const backend = await (await store()).driver.getInstance();
    const head: Backend["head"] = async (key) => ({ key, size: 1, etag, versionId: "v1" });
    const driver = toDriver({ name: "test", open: () => ({ ...backend, head }) });
    const info = await (await driver.createMultipartUpload("k")).send(() => data.subarray(0, 1));
    expect(info).toMatchObject({ etag: '"all"' });
    expect(info.versionId).toBe(versionId);
  },
);

it("send tells of its own object alone, when another version has taken its place", async () => {
  const backend = await (await store()).driver.getInstance();
  const steps = backend.multipart as MultipartBackend;
  const multipart: MultipartBackend = {
    ...steps,
    complete: async (...call) => ({ ...(await steps.complete(...call)), versionId: "ours" }),
  };
  const theirs = { size: 999, etag: '"newer"', versionId: "theirs", metadata: { of: "theirs" } };
  const head: Backend["head"] = async (key) => ({ key, ...theirs });
  const driver = toDriver({ name: "test", open: () => ({ ...backend, head, multipart }) });
  const info = await (await driver.createMultipartUpload("k")).send(() => data.subarray(0, 1));
  expect(info).toMatchObject({ etag: '"all"', versionId: "ours", size: 1 });
  expect(info.metadata).toEqual({});
});

it("send goes on with an upload of a store that lists no parts, by what the state knows", async () => {
  const made = await store();
  const state = await interrupted(made, 3);
  const backend = await made.driver.getInstance();
  const multipart = { ...(backend.multipart as MultipartBackend), parts: undefined };
  const driver = toDriver({ name: "test", open: () => ({ ...backend, multipart }) as Backend });
  await (await driver.resumeMultipartUpload("k", state)).send(() => data);
  expect(made.sent.sort()).toEqual([3, 4, 5]);
  expect(Buffer.compare(made.result ?? Buffer.alloc(0), data)).toBe(0);
});

describe("toState", () => {
  const wrong: readonly unknown[] = [
    "",
    null,
    { key: "k", uploadId: "x" },
    { key: "k", uploadId: "x", partSize: 0, parts: [] },
    { key: "k", uploadId: "x", partSize: 1000, parts: [{ partNumber: 0 }] },
    { key: "k", uploadId: "x", partSize: 1000, size: -1, parts: [] },
    { key: "other", uploadId: "x", partSize: 1000, parts: [] },
    { uploadId: "x", partSize: 1000, parts: [] },
  ];
  it.each(wrong.map((state) => ({ state })))("refuses $state", async ({ state }) => {
    const { driver } = await store();
    await expect(driver.resumeMultipartUpload("k", state as UploadState)).rejects.toMatchObject({
      code: "invalid-option",
      operation: "resumeMultipartUpload",
    });
  });
});

it("an upload is resumed under its own key, by whatever name a scope or a mount has for it", async () => {
  const { driver } = await store();
  const state = { key: "in/k", uploadId: "id", partSize: PART, parts: [] };
  await expect(driver.resumeMultipartUpload("k", state)).rejects.toThrow('upload is of the key "in/k"');
  const mounted = objects(createStorage().mount("m", driver));
  const views: [ObjectStore, key: string][] = [
    [driver, "in/k"],
    [driver.scoped("in/"), "k"],
    [mounted, "m:in/k"],
    [mounted.scoped("m:in/"), "k"],
  ];
  for (const [view, key] of views) {
    const upload = await view.resumeMultipartUpload(key, { ...state, key });
    expect([upload.key, upload.state().key, upload.uploadId]).toEqual([key, key, "id"]);
    expect((await view.resumeMultipartUpload(key, "id")).state()).toMatchObject({ key, uploadId: "id" });
    await expect(view.resumeMultipartUpload(key, { ...state, key: "other" })).rejects.toMatchObject({
      code: "invalid-option",
      operation: "resumeMultipartUpload",
    });
  }
});

it("send names itself where the bytes of the object that an upload has become are others, or break off", async () => {
  const size = 6 * 1024 * 1024;
  const backend = await memory().getInstance();
  let broken = false;
  const driver = toDriver({
    name: "own",
    open: () => ({
      ...backend,
      async get(...call) {
        const found = await backend.get(...call);
        if (!broken || !found) return found;
        const lost = new StorageError("unavailable", "the connection was lost");
        return { ...found, body: new ReadableStream({ pull: (controller) => controller.error(lost) }) };
      },
    }),
  });
  const begun = await driver.createMultipartUpload("a", { size, partSize: 5 * 1024 * 1024 });
  await begun.send(() => new Uint8Array(size));
  // Without its parts the state knows nothing of their bytes, so the object is read, several parts at a time.
  const state = { ...begun.state(), parts: [] };
  for (const code of ["conflict", "unavailable"]) {
    const resumed = await driver.resumeMultipartUpload("a", state);
    await expect(resumed.send(() => new Uint8Array(size).fill(1))).rejects.toMatchObject({
      ...{ code, operation: "sendMultipartUpload", driver: "own", key: "a" },
      message: expect.stringMatching(/^own sendMultipartUpload "a": the /),
    });
    broken = true;
  }
});

it("send does not take an upload as done whose object is deleted while it is compared", async () => {
  const backend = await memory().getInstance();
  const driver = toDriver({ name: "own", open: () => ({ ...backend, get: async () => null }) });
  const begun = await driver.createMultipartUpload("a");
  await begun.send(() => "x");
  const resumed = await driver.resumeMultipartUpload("a", { ...begun.state(), parts: [] });
  await expect(resumed.send(() => "x")).rejects.toMatchObject({ code: "conflict" });
});

it("send refuses parts that are larger than the memory for them, before it asks anything", async () => {
  const { driver, sent } = await store();
  const upload = await driver.resumeMultipartUpload("k", { key: "k", uploadId: "id", partSize: PART + 1, parts: [] });
  await expect(upload.send(() => data)).rejects.toMatchObject({
    code: "invalid-option",
    message: expect.stringContaining("partSize"),
  });
  expect(sent).toEqual([]);
});

it.each([
  { parts: [null] },
  { parts: [{ partNumber: 1, etag: "\0" }] },
  { uploadId: "\uD800" },
  { ifMatch: '"a"\r\nx: y' },
  { writeId: null },
  { partSize: 1, size: 1e9 },
])("a state with %j is refused before anything is asked", async (change) => {
  const made = await store();
  const state = { ...(await made.driver.createMultipartUpload("k", { size: 5 })).state(), ...change };
  await expect(made.driver.resumeMultipartUpload("k", state as never)).rejects.toMatchObject({
    code: "invalid-option",
  });
});
