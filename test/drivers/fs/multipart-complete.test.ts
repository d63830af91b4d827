import { cp, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import { completeUpload, madeBy } from "../../../drivers/fs/multipart-complete.ts";
import { endUpload, withUploadLock } from "../../../drivers/fs/multipart-folder.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import type { CompleteOptions, MultipartBackend, StoredVersion, UploadedPart } from "../../../src/backend.ts";
import { crc32c, sha256 } from "../../../src/checksum.ts";
import { failure, folder, type Folder, K } from "./folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Begun extends Folder {
  readonly steps: Required<MultipartBackend>;
  readonly id: string;
  readonly parts: UploadedPart[];
  complete(options?: CompleteOptions, parts?: readonly UploadedPart[]): Promise<StoredVersion>;
  /** What is left beside objects and records. */
  rest(): Promise<string[]>;
}

/** An upload of `k` with the parts "a", "b" and so on. */
async function begun(text = "abc"): Promise<Begun> {
  const made = await folder();
  const steps = made.store.multipart as Required<MultipartBackend>;
  const { uploadId: id } = await steps.create(K("k"), { contentType: "x/y" });
  const parts: UploadedPart[] = [];
  for (const [index, letter] of [...text].entries())
    parts.push(await steps.uploadPart(K("k"), id, index + 1, bytes(letter), {}));
  return {
    ...made,
    steps,
    id,
    parts,
    complete: (options = {}, list = parts) => steps.complete(K("k"), id, list, options),
    rest: async () => (await made.files()).filter((file) => /\/(tmp|uploads)\//.test(file)),
  };
}

describe("completeUpload", () => {
  it("takes the parts that are named, and drops the others", async () => {
    const { complete, parts, text, rest } = await begun("abcd");
    await complete(
      {},
      parts.filter((_, index) => index % 2 === 1),
    );
    expect(await text("k")).toBe("bd");
    expect(await rest()).toEqual([]);
  });

  it("refuses a list with a part that is absent, replaced, twice or out of order, and keeps the upload", async () => {
    const { complete, steps, id, parts, text, put, rest } = await begun();
    await put("k", "old");
    const [a, b, c] = parts as [UploadedPart, UploadedPart, UploadedPart];
    const again = await steps.uploadPart(K("k"), id, 2, bytes("B"), {});
    const before = await rest();
    for (const list of [[], [a, { ...c, partNumber: 4 }], [a, b, c], [a, { ...again, etag: "" }], [a, a], [c, a]])
      expect(await failure(complete({}, list))).toMatchObject({ code: "invalid-option" });
    expect(await text("k")).toBe("old");
    expect(await rest()).toEqual(before);
    await complete({}, [a, again, c]);
    expect(await text("k")).toBe("aBc");
  });

  it("L7: holds its conditions against the version that it replaces, and keeps an upload that is refused", async () => {
    const { complete, put, text, rest } = await begun();
    expect(await failure(complete({ ifMatch: "*" }))).toMatchObject({ code: "precondition-failed" });
    const old = await put("k", "old");
    expect(await failure(complete({ ifNoneMatch: "*" }))).toMatchObject({ code: "precondition-failed" });
    await put("k", "newer");
    expect(await failure(complete({ ifMatch: old.etag }))).toMatchObject({ code: "precondition-failed" });
    expect(await text("k")).toBe("newer");
    expect((await rest()).filter((file) => file.includes("/tmp/"))).toEqual([]);
    await complete({ ifMatch: (await put("k", "newest")).etag });
    expect(await text("k")).toBe("abc");
  });

  it("looks at its conditions before it joins anything", async () => {
    const { base, complete, put } = await begun();
    await put("k", "old");
    // Nothing can be joined any more.
    await rename(join(base, ".unbucket/tmp"), join(base, ".unbucket/away"));
    await writeFile(join(base, ".unbucket/tmp"), "");
    expect(await failure(complete({ ifNoneMatch: "*" }))).toMatchObject({ code: "precondition-failed" });
    expect(await failure(complete())).toMatchObject({ code: "unknown" });
  });

  it("L7: looks at its conditions again when the parts are joined", async () => {
    const { complete, put, text } = await begun("x".repeat(200));
    const completing = failure(complete({ ifNoneMatch: "*" }));
    await put("k", "early");
    expect(await completing).toMatchObject({ code: "precondition-failed" });
    expect(await text("k")).toBe("early");
  });

  it("called by many at once makes one object, which all are told", async () => {
    const { base, id, parts, complete, store } = await begun();
    const root = rootAt(base);
    const others = [1, 2, 3].map(() =>
      completeUpload(root, parseOptions({ base }), {
        ...{ key: K("k"), uploadId: id, list: parts },
        conditions: { ifNoneMatch: "*" },
      }),
    );
    const [{ etag }, ...etags] = await Promise.all([complete({ ifNoneMatch: "*" }), ...others]);
    expect(new Set([etag, ...etags])).toEqual(new Set([(await store.head(K("k"), {}))?.etag]));
  });

  it("is told again what it made, until that is replaced; a copy is not its own", async () => {
    const { base, id, complete, put, store, steps, text } = await begun();
    const { etag } = await complete();
    expect(await complete({ ifNoneMatch: "*" })).toEqual({ etag });
    expect(await steps.completed(K("k"), { uploadId: id }, {})).toMatchObject({ etag });
    expect(await store.head(K("k"), {})).not.toHaveProperty("uploadId");
    await store.copy?.(K("k"), K("copy"), {});
    expect(await madeBy(rootAt(base), K("copy"), id)).toBe(null);
    await put("k", "other", { contentType: "x/y" });
    expect(await steps.completed(K("k"), { uploadId: id }, {})).toBe(null);
    expect(await failure(complete())).toMatchObject({ code: "not-found" });
    expect(await text("k")).toBe("other");
  });

  it("finds an object its own whose process died before the upload could end, and ends it", async () => {
    const { base, id, complete, steps, store, text, rest } = await begun();
    const at = join(base, ".unbucket/uploads", id);
    await cp(at, join(base, "saved"), { recursive: true, preserveTimestamps: true });
    const { etag } = await complete();
    await rename(join(base, "saved"), at);
    expect(await steps.parts(K("k"), id, {})).toHaveLength(3);
    // By a list that would not do for another completion, and a condition that the object fails.
    expect(await complete({ ifNoneMatch: "*" }, [])).toEqual({ etag });
    expect((await store.head(K("k"), {}))?.etag).toBe(etag);
    expect(await text("k")).toBe("abc");
    expect(await rest()).toEqual([]);
  });

  it("that was overtaken by an abort stores nothing and leaves nothing", async () => {
    const { complete, steps, id, text, rest } = await begun("x".repeat(200));
    const completing = failure(complete());
    await steps.abort(K("k"), id, {});
    expect(await completing).toMatchObject({ code: "not-found" });
    expect(await text("k")).toBe(null);
    expect(await rest()).toEqual([]);
  });

  it("finds the upload over that was aborted when its parts were joined already", async () => {
    const { base, complete, id, text, rest } = await begun();
    const root = rootAt(base);
    let completing: Promise<unknown> | undefined;
    await withUploadLock(root, id, {}, async () => {
      completing = failure(complete());
      const drafts = async (): Promise<number[]> => {
        const paths = (await rest()).filter((path) => /\/tmp\/[0-9a-f]{16}$/.test(path));
        return Promise.all(paths.map(async (path) => (await stat(join(base, path))).size));
      };
      await expect.poll(drafts).toEqual([3]);
      await endUpload(root, id);
    });
    expect(await completing).toMatchObject({ code: "not-found" });
    expect(await text("k")).toBe(null);
    expect(await rest()).toEqual([]);
  });

  it("given up while the parts are joined leaves the upload", async () => {
    const { complete, steps, id, text, rest } = await begun("x".repeat(200));
    const stop = new AbortController();
    const completing = complete({ signal: stop.signal });
    const reason = new Error("enough");
    setTimeout(() => stop.abort(reason), 3);
    await expect(completing).rejects.toBe(reason);
    expect(await text("k")).toBe(null);
    expect((await rest()).filter((file) => file.includes("/tmp/"))).toEqual([]);
    expect(await steps.parts(K("k"), id, {})).toHaveLength(200);
    await complete();
    expect(await text("k")).toBe("x".repeat(200));
  });
});

describe("the checksum of an upload", () => {
  it.each([
    ["its own", undefined, sha256],
    ["the driver's", crc32c, undefined],
  ] as const)("is kept with the object by %s algorithm, and checked", async (_whose, checksum, own) => {
    const { base, files } = await folder();
    const upload = await fs({ base, ...(checksum && { checksum }) }).createMultipartUpload("k", { checksum: own });
    // By a driver that was told of none.
    const other = fs({ base });
    const resumed = await other.resumeMultipartUpload("k", upload.state());
    const parts = [await resumed.uploadPart(1, "some "), await resumed.uploadPart(2, "bytes")];
    await resumed.complete(parts);
    expect(await (await other.download("k")).text()).toBe("some bytes");
    const record = (await files()).find((file) => file.includes("/meta/")) as string;
    expect(JSON.parse(await readFile(join(base, record), "utf8"))).toMatchObject({
      checksum: { name: (own ?? crc32c).name, value: await (own ?? crc32c).of(bytes("some bytes")) },
    });
    const { mtime } = await stat(join(base, "k"));
    const { mtimeNs } = await stat(join(base, "k"), { bigint: true });
    await writeFile(join(base, "k"), "SOME bytes");
    await utimes(join(base, "k"), mtime, Number(mtimeNs / 1000n) / 1e6 + 5e-7);
    await expect((await other.download("k")).text()).rejects.toMatchObject({ code: "corrupt" });
  });

  it("is none where the upload says so, and refused by a driver that does not know the algorithm", async () => {
    const { base, files } = await folder();
    const own = { ...crc32c, name: "OWN" };
    const driver = fs({ base, checksum: own });
    const plain = await driver.createMultipartUpload("plain", { checksum: false });
    await plain.complete([await plain.uploadPart(1, "x")]);
    const [record = ""] = (await files()).filter((file) => file.includes("/meta/"));
    expect(await readFile(join(base, record), "utf8")).not.toContain("checksum");
    const upload = await driver.createMultipartUpload("k");
    const part = await upload.uploadPart(1, "x");
    const stranger = await fs({ base }).resumeMultipartUpload("k", upload.uploadId);
    expect(await failure(stranger.complete([part]))).toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("OWN") as string,
    });
    await upload.complete([part]);
  });
});
