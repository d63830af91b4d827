import { describe, expect, it } from "vitest";
import memory from "../../../drivers/memory.ts";
import type { MultipartBackend, StoredVersion } from "../../../src/backend.ts";
import type { Driver } from "../../../src/driver.ts";
import { parseKey } from "../../../src/key.ts";

const K = parseKey;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function steps(): Promise<{ store: Driver; steps: Required<MultipartBackend> }> {
  const store = memory();
  return { store, steps: (await store.getInstance()).multipart as Required<MultipartBackend> };
}

describe("an upload in memory", () => {
  it("is known under its own key alone, until it is over", async () => {
    const { steps: it } = await steps();
    const { uploadId } = await it.create(K("k"), {});
    const part = await it.uploadPart(K("k"), uploadId, 1, bytes("x"), {});
    expect(await it.parts(K("other"), uploadId, {})).toBe(null);
    await expect(it.uploadPart(K("other"), uploadId, 1, bytes("y"), {})).rejects.toMatchObject({ code: "not-found" });
    await expect(it.complete(K("other"), uploadId, [part], {})).rejects.toMatchObject({ code: "not-found" });
    await it.abort(K("other"), uploadId, {});
    const stored = { partNumber: 1, etag: part.etag, size: 1, lastModified: expect.any(Date) as Date };
    expect(await it.parts(K("k"), uploadId, {})).toEqual([stored]);
    await it.abort(K("k"), uploadId, {});
    expect(await it.parts(K("k"), uploadId, {})).toBe(null);
    await expect(it.uploadPart(K("k"), uploadId, 1, bytes("y"), {})).rejects.toMatchObject({ code: "not-found" });
  });

  it("completed twice makes one object, and is not found any more once that is replaced", async () => {
    const { store, steps: it } = await steps();
    const begun = await it.create(K("k"), {});
    const part = await it.uploadPart(K("k"), begun.uploadId, 1, bytes("x"), {});
    const complete = (): Promise<StoredVersion> => it.complete(K("k"), begun.uploadId, [part], { ifNoneMatch: "*" });
    const [first, second] = await Promise.all([complete(), complete()]);
    expect(second.etag).toBe(first.etag);
    expect(await it.completed(K("k"), begun, {})).toMatchObject({ etag: first.etag });
    await store.upload("k", "y");
    expect(await it.completed(K("k"), begun, {})).toBe(null);
    await expect(complete()).rejects.toMatchObject({ code: "not-found" });
    expect(await (await store.download("k")).text()).toBe("y");
  });

  it("keeps its parts when its completion is refused", async () => {
    const { store, steps: it } = await steps();
    await store.upload("k", "old");
    const { uploadId } = await it.create(K("k"), {});
    const part = await it.uploadPart(K("k"), uploadId, 1, bytes("new"), {});
    await expect(it.complete(K("k"), uploadId, [part], { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "precondition-failed",
    });
    await it.complete(K("k"), uploadId, [part], {});
    expect(await (await store.download("k")).text()).toBe("new");
  });

  it("keeps bytes that its caller changes afterwards", async () => {
    const { store, steps: it } = await steps();
    const { uploadId } = await it.create(K("k"), {});
    const body = bytes("abc");
    const part = await it.uploadPart(K("k"), uploadId, 7, body, {});
    body.fill(0);
    await it.complete(K("k"), uploadId, [part], {});
    expect(await (await store.download("k")).text()).toBe("abc");
  });

  it("is listed by key in UTF-8 order, then by age, and gone with the driver", async () => {
    const { store, steps: it } = await steps();
    const ids: string[] = [];
    for (const key of ["b", "\uffff", "😀", "a", "b"]) ids.push((await it.create(K(key), {})).uploadId);
    const listed = async (prefix: string): Promise<string[]> => {
      const { uploads } = await it.pending(prefix, {});
      return uploads.map(({ key, uploadId }) => `${key} ${ids.indexOf(uploadId)}`);
    };
    expect(await listed("")).toEqual(["a 3", "b 0", "b 4", "\uffff 1", "😀 2"]);
    expect(await listed("b")).toEqual(["b 0", "b 4"]);
    await store.dispose();
    expect(await listed("")).toEqual([]);
  });
});
