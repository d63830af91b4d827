import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Backend, MultipartBackend } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import { cut, noise, source } from "../../src/conformance/bytes.ts";
import { type Driver, toDriver } from "../../src/driver.ts";
import type { MultipartUpload } from "../../src/interface.ts";

const MOST = 300_000;

interface Begun {
  readonly driver: Driver;
  readonly upload: MultipartUpload;
  readonly steps: MultipartBackend;
  readonly sent: Uint8Array[];
}

async function begun(): Promise<Begun> {
  const sent: Uint8Array[] = [];
  const backend: Backend = await memory().getInstance();
  const steps: MultipartBackend = {
    maxPart: MOST,
    plan: { partSize: 1000, concurrency: 2, memory: new MemoryBudget(10_000, 1000, 2) },
    create: vi.fn(async () => ({ uploadId: "id" })),
    uploadPart: vi.fn(async (_key, _id, partNumber: number, bytes: Uint8Array) => {
      sent.push(bytes.slice());
      return { partNumber, etag: `"${partNumber}"` };
    }),
    complete: vi.fn(async () => ({ etag: '"all"' })),
    abort: vi.fn(async () => {}),
    parts: vi.fn(async () => null),
    completed: vi.fn(async () => null),
    pending: async () => ({ uploads: [] }),
  };
  const head: Backend["head"] = async (key) => ({ key, size: 1, etag: '"seen"' });
  const driver = toDriver({ name: "test", open: () => ({ ...backend, head, multipart: steps }) });
  return {
    upload: await driver.createMultipartUpload("k", { contentType: "a/b", ifNoneMatch: "*" }),
    driver,
    steps,
    sent,
  };
}

describe("createMultipartUpload", () => {
  it("rejects unsupported where the driver has no multipart uploads", async () => {
    const backend = await memory().getInstance();
    const driver = toDriver({ name: "plain", open: () => ({ ...backend, multipart: undefined }) });
    await expect(driver.createMultipartUpload("k")).rejects.toMatchObject({ code: "unsupported" });
  });

  it.each([{ partSize: 5 * 1024 * 1024 - 1 }, { partSize: 5 * 1024 ** 3 + 1 }, { partSize: 1.5 }, { size: -1 }])(
    "refuses %j",
    async (options) => {
      const { driver } = await begun();
      await expect(driver.createMultipartUpload("k", options)).rejects.toMatchObject({ code: "invalid-option" });
    },
  );

  it("grows the parts of a size that needs it", async () => {
    const { driver } = await begun();
    const upload = await driver.createMultipartUpload("k", { size: 1000 * 10_000 + 1 });
    expect(upload.state().partSize).toBe(1024 * 1024);
  });

  it("keeps the length of its parts and the condition that it was begun with", async () => {
    const { driver, steps } = await begun();
    const upload = await driver.createMultipartUpload("k", { partSize: 6 * 1024 * 1024, ifMatch: '"seen"' });
    expect(upload.state()).toMatchObject({ partSize: 6 * 1024 * 1024, ifMatch: '"seen"' });
    await upload.complete([{ partNumber: 1, etag: '"1"' }]);
    expect(vi.mocked(steps.complete).mock.calls[0]?.[3]).toMatchObject({ ifMatch: '"seen"' });
  });

  it("checks options as upload does, and passes them on", async () => {
    const { upload, steps } = await begun();
    expect(upload).toMatchObject({ key: "k", uploadId: "id" });
    expect(steps.create).toHaveBeenCalledWith("k", expect.objectContaining({ contentType: "a/b", ifNoneMatch: "*" }));
    await expect(memory().createMultipartUpload("k", { contentType: "a\nb" })).rejects.toMatchObject({
      code: "invalid-option",
    });
  });
});

describe("state", () => {
  it("says what another process must know, and is plain data", async () => {
    const { upload } = await begun();
    const state = { key: "k", uploadId: "id", partSize: 1000, ifNoneMatch: "*", parts: [] };
    expect(JSON.parse(JSON.stringify(upload.state()))).toEqual(state);
  });
});

describe("parts", () => {
  it("rejects not-found when the upload is over", async () => {
    const { upload } = await begun();
    await expect(upload.parts()).rejects.toMatchObject({ code: "not-found" });
  });

  it("rejects unsupported where the store does not list them", async () => {
    const { upload, steps } = await begun();
    Object.assign(steps, { parts: undefined });
    await expect(upload.parts()).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("presign", () => {
  it("needs the size, and is null where the driver cannot presign", async () => {
    const { upload, driver } = await begun();
    await expect(upload.presign()).rejects.toMatchObject({ code: "invalid-option" });
    const known = await driver.createMultipartUpload("k", { size: 10 * 1024 * 1024, partSize: 5 * 1024 * 1024 });
    expect(await known.presign()).toBeNull();
    await expect(known.presign({ expiresIn: 0 })).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("uploadPart", () => {
  it.each([[[1000]], [[65_536]], [[100_000, 3]]])(
    "buffers a stream cut in %j, up to the largest part",
    async (sizes) => {
      const { upload, sent } = await begun();
      const data = noise(MOST);
      expect(await upload.uploadPart(1, source(cut(data, sizes)).stream)).toEqual({ partNumber: 1, etag: '"1"' });
      expect(Buffer.compare(sent[0] as Uint8Array, data)).toBe(0);
    },
  );

  it("hands a stream on to a driver that stores parts as they stream, and bytes as they are", async () => {
    const { upload, steps, sent } = await begun();
    const stored: unknown[] = [];
    steps.streamPart = async (...call) => {
      stored.push(call);
      return { partNumber: call[2], etag: '"streamed"' };
    };
    const { stream } = source(cut(noise(MOST + 1), [65_536]));
    expect(await upload.uploadPart(2, stream)).toEqual({ partNumber: 2, etag: '"streamed"' });
    expect(stored).toEqual([["k", "id", 2, { stream }, { checksum: undefined, signal: undefined }]]);
    await upload.uploadPart(3, "bytes");
    expect([stored.length, sent.length]).toEqual([1, 1]);
  });

  it("rejects too-large for one byte more, and cancels the stream", async () => {
    const { upload, steps } = await begun();
    const made = source(cut(noise(MOST + 1), [65_536]), { hang: () => {} });
    await expect(upload.uploadPart(1, made.stream)).rejects.toMatchObject({
      code: "too-large",
      operation: "uploadPart",
    });
    expect(await made.over).toBe("cancelled");
    await expect(upload.uploadPart(1, new Blob([noise(MOST + 1)]))).rejects.toMatchObject({ code: "too-large" });
    expect(steps.uploadPart).not.toHaveBeenCalled();
  });

  it("rejects interrupted for a request whose body its host has cut", async () => {
    const { upload, steps } = await begun();
    const headers = { "content-length": "11" };
    const body = source(cut(noise(10), [3])).stream;
    const request = new Request("http://h/", { method: "PUT", body, headers, duplex: "half" } as RequestInit);
    await expect(upload.uploadPart(1, request)).rejects.toMatchObject({ code: "interrupted" });
    expect(steps.uploadPart).not.toHaveBeenCalled();
  });

  it("takes bytes, text, a Blob and nothing", async () => {
    const { upload, sent } = await begun();
    await upload.uploadPart(1, new Uint8Array([1]));
    await upload.uploadPart(2, "ab");
    await upload.uploadPart(3, new Blob(["abc"]));
    await upload.uploadPart(4, null);
    await upload.uploadPart(5, new Blob([]));
    expect(sent.map(({ byteLength }) => byteLength)).toEqual([1, 2, 3, 0, 0]);
  });

  it.each([0, 10_001, 1.5])("refuses part number %d, and cancels the stream", async (partNumber) => {
    const { upload } = await begun();
    const made = source([], { hang: () => {} });
    await expect(upload.uploadPart(partNumber, made.stream)).rejects.toMatchObject({ code: "invalid-option" });
    expect(await made.over).toBe("cancelled");
  });

  it("an abort while the source is silent rejects with the reason", async () => {
    const { upload } = await begun();
    const control = new AbortController();
    const reason = new Error("left");
    const made = source([noise(10)], { hang: () => control.abort(reason) });
    await expect(upload.uploadPart(1, made.stream, { signal: control.signal })).rejects.toBe(reason);
    expect(await made.over).toBe("cancelled");
  });
});

describe("each step", () => {
  it("is told of the signal, and a part of the checksum that the upload was begun with", async () => {
    const { driver, steps } = await begun();
    vi.mocked(steps.create).mockResolvedValue({ uploadId: "id", checksum: "crc32c" });
    const upload = await driver.createMultipartUpload("k");
    const { signal } = new AbortController();
    const part = await upload.uploadPart(1, "x", { signal });
    expect(steps.uploadPart).toHaveBeenCalledWith("k", "id", 1, expect.anything(), { signal, checksum: "crc32c" });
    await upload.complete([part], { signal });
    expect(vi.mocked(steps.complete).mock.calls[0]?.[3].signal).toBe(signal);
    const told = expect.objectContaining({ signal }) as object;
    await expect(upload.parts({ signal })).rejects.toMatchObject({ code: "not-found" });
    expect(steps.parts).toHaveBeenCalledWith("k", "id", told);
    await upload.abort({ signal });
    expect(steps.abort).toHaveBeenCalledWith("k", "id", told);
  });
});

describe("complete and abort", () => {
  it("complete sorts parts and gives the object", async () => {
    const { upload, steps } = await begun();
    const part = (partNumber: number): { partNumber: number; etag: string } => ({
      partNumber,
      etag: `"${partNumber}"`,
    });
    const info = await upload.complete([part(10), part(2), part(1)]);
    expect(info).toMatchObject({ key: "k", etag: '"all"', location: expect.any(String) });
    expect(vi.mocked(steps.complete).mock.calls[0]?.[2]).toEqual([part(1), part(2), part(10)]);
    expect(vi.mocked(steps.complete).mock.calls[0]?.[3]).toMatchObject({ ifNoneMatch: "*" });
  });

  it.each([[[]], [[1, 1]], [[0]], [[10_001]]])("complete refuses the parts %j", async (numbers: number[]) => {
    const { upload, steps } = await begun();
    const parts = numbers.map((partNumber) => ({ partNumber, etag: '"e"' }));
    await expect(upload.complete(parts)).rejects.toMatchObject({ code: "invalid-option" });
    expect(steps.complete).not.toHaveBeenCalled();
  });

  it("abort passes on the key and the id", async () => {
    const { upload, steps } = await begun();
    await upload.abort();
    expect(steps.abort).toHaveBeenCalledWith("k", "id", expect.anything());
  });
});
