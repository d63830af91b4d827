import { describe, expect, it } from "vitest";
import type { Backend, StoredInfo } from "../../src/backend.ts";
import { toDownload, toInfo } from "../../src/download.ts";
import { StorageError } from "../../src/error.ts";
import { emptyMetadata } from "../../src/options.ts";

const backend = {
  url: (key: string) => `https://cdn/${key}`,
  location: (key: string) => `mem:${key}`,
} as Partial<Backend> as Backend;
const info: StoredInfo = { key: "k", size: 5, etag: '"e"', lastModified: new Date("2026-01-02T03:04:05Z") };

function opened(body: string, more: Partial<StoredInfo> = {}): ReturnType<typeof toDownload> {
  return toDownload(backend, { info: { ...info, ...more }, body: new Blob([body]).stream() });
}

describe("toInfo", () => {
  it("adds defaults and both addresses, and drops what is undefined", () => {
    const full = toInfo(backend, { ...info, contentEncoding: undefined } as StoredInfo);
    expect(full).toEqual({
      ...info,
      contentType: "application/octet-stream",
      metadata: expect.anything(),
      url: "https://cdn/k",
      location: "mem:k",
    });
    expect(Object.keys(full)).not.toContain("contentEncoding");
    expect(Object.keys(full.metadata)).toEqual([]);
  });

  it("gives plain objects, as RPC of Workers and pages of React take no others, and keeps any name", () => {
    const metadata = { ...emptyMetadata(), constructor: "c" };
    Object.defineProperty(metadata, "__proto__", { value: "p", enumerable: true });
    const full = toInfo(backend, {
      ...info,
      metadata: Object.freeze(Object.setPrototypeOf(metadata, null)) as typeof metadata,
    });
    for (const shown of [full, full.metadata, toInfo(backend, info).metadata])
      expect(Object.getPrototypeOf(shown)).toBe(Object.prototype);
    expect(Object.entries(full.metadata)).toEqual([
      ["constructor", "c"],
      ["__proto__", "p"],
    ]);
  });
});

describe("toDownload", () => {
  it("reads as text, JSON, bytes, buffer and Blob", async () => {
    expect(await opened("hello").text()).toBe("hello");
    expect(await opened("[1,2]").json()).toEqual([1, 2]);
    expect([...(await opened("abc").bytes())]).toEqual([97, 98, 99]);
    expect((await opened("hello").arrayBuffer()).byteLength).toBe(5);
    const blob = await opened("hello", { contentType: "image/png" }).blob();
    expect([blob.size, blob.type]).toEqual([5, "image/png"]);
  });

  it("can be read once, and says so", async () => {
    const object = opened("hello");
    await object.text();
    await expect(object.bytes()).rejects.toMatchObject({ code: "invalid-option", key: "k" });
    const started = opened("hello");
    started.body.getReader();
    await expect(started.text()).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("fails with what the store says, and where that was", async () => {
    for (const next of [undefined, () => Promise.reject(new StorageError("corrupt", "cut"))]) {
      const pull = (): Promise<never> => Promise.reject(new StorageError("corrupt", "cut"));
      const object = toDownload(backend, { info, body: new ReadableStream({ pull }), ...(next && { next }) });
      await expect(object.text()).rejects.toMatchObject({
        code: "corrupt",
        operation: "download",
        key: "k",
        message: 'download "k": cut',
      });
    }
  });

  it.each(["stream", "next"] as const)(
    "lets go of a body that is larger than a buffer can be, read by %s",
    async (by) => {
      const huge = { byteLength: 2 ** 52 } as Uint8Array<ArrayBuffer>;
      const told: unknown[] = [];
      const body = new ReadableStream<Uint8Array>(
        { pull: (controller) => controller.enqueue(huge), cancel: (reason) => void told.push(reason) },
        { highWaterMark: 0 },
      );
      const object = toDownload(backend, { info, body, ...(by === "next" && { next: async () => huge }) });
      const error: unknown = await object.text().catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "too-large",
        operation: "download",
        key: "k",
        cause: expect.any(RangeError),
      });
      expect(told).toEqual([error]);
    },
  );

  it("reads bytes without a stream where the store can, and is read once all the same", async () => {
    const pieces = [new Uint8Array([1, 2]), new Uint8Array([3, 4, 5])];
    let streams = 0;
    const stored = {
      info,
      next: async () => pieces.shift() ?? null,
      get body() {
        streams++;
        return new Blob(["other"]).stream();
      },
    };
    const object = toDownload(backend, stored);
    expect([...(await object.bytes())]).toEqual([1, 2, 3, 4, 5]);
    await expect(object.bytes()).rejects.toMatchObject({ code: "invalid-option" });
    expect(object.body.locked).toBe(true);
    expect(streams).toBe(0);
    const streamed = toDownload(backend, stored);
    expect(streamed.body).toBe(streamed.body);
    expect(await streamed.text()).toBe("other");
  });

  it("has headers of a whole object", () => {
    const { headers } = opened("hello", { contentType: "a/b", cacheControl: "no-store", contentEncoding: "gzip" });
    expect(Object.fromEntries(headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-encoding": "gzip",
      "content-length": "5",
      "content-type": "a/b",
      etag: '"e"',
      "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
    });
  });

  it("guesses no time that the store does not say", () => {
    const object = opened("hello", { lastModified: undefined } as never);
    expect(object).not.toHaveProperty("lastModified");
    expect(object.headers.has("last-modified")).toBe(false);
  });

  it("has the length and content-range of a part", () => {
    const part = toDownload(backend, { info, range: { start: 1, end: 3 }, body: new Blob(["ell"]).stream() });
    expect([part.range, "range" in opened("hello")]).toEqual([{ start: 1, end: 3 }, false]);
    expect(part.headers).toBe(part.headers);
    expect(part.contentLength).toBe(3);
    expect(part.size).toBe(5);
    expect(part.headers.get("content-range")).toBe("bytes 1-3/5");
    expect(part.headers.get("content-length")).toBe("3");
  });
});
