import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Backend, MultipartBackend } from "../../src/backend.ts";
import { cut, noise, source } from "../../src/conformance/bytes.ts";
import { toDriver } from "../../src/driver.ts";
import type { MultipartUpload } from "../../src/interface.ts";

const MOST = 300_000;

async function begun(): Promise<{ upload: MultipartUpload; steps: MultipartBackend; sent: Uint8Array[] }> {
  const sent: Uint8Array[] = [];
  const backend: Backend = await memory().getInstance();
  const steps: MultipartBackend = {
    maxPart: MOST,
    create: vi.fn(async () => "id"),
    uploadPart: vi.fn(async (_key, _id, partNumber: number, bytes: Uint8Array) => {
      sent.push(bytes.slice());
      return { partNumber, etag: `"${partNumber}"` };
    }),
    complete: vi.fn(async (key) => ({ key, size: 1, etag: '"all"' })),
    abort: vi.fn(async () => {}),
  };
  const driver = toDriver({ name: "test", open: () => ({ ...backend, multipart: steps }) });
  return { upload: await driver.createMultipartUpload("k", { contentType: "a/b", ifNoneMatch: "*" }), steps, sent };
}

describe("createMultipartUpload", () => {
  it("rejects unsupported where the driver has no multipart uploads", async () => {
    await expect(memory().createMultipartUpload("k")).rejects.toMatchObject({ code: "unsupported" });
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
