import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createStorage } from "unstorage";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import type { MultipartBackend, PendingPage, PendingUpload, UploadedPart } from "../../../src/backend.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { toDriver } from "../../../src/driver.ts";
import type { MultipartUpload, UploadState } from "../../../src/interface.ts";
import { emptyFolder, failure, filesBelow, folder, type Folder, K, streamOf } from "./folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A folder with its steps, which it always has. */
async function uploads(
  options: Parameters<typeof folder>[0] = {},
): Promise<Folder & { steps: Required<MultipartBackend> }> {
  const made = await folder(options);
  return { ...made, steps: made.store.multipart as Required<MultipartBackend> };
}

async function all(page: Promise<PendingPage>): Promise<readonly PendingUpload[]> {
  return (await page).uploads;
}

describe("an upload in a folder", () => {
  it("lies in a folder of its own, and leaves the object alone when it has been completed", async () => {
    const { steps, files, text, store } = await uploads();
    const { uploadId } = await steps.create(K("a/b.txt"), { metadata: { n: "1" } });
    const second = await steps.uploadPart(K("a/b.txt"), uploadId, 2, bytes("two"), {});
    const first = await steps.uploadPart(K("a/b.txt"), uploadId, 1, bytes("one"), {});
    const at = `.unbucket/uploads/${uploadId}`;
    expect(await files()).toEqual([`${at}/1`, `${at}/2`, `${at}/upload.json`, ".unbucket/version"]);
    expect(await steps.parts(K("a/b.txt"), uploadId, {})).toMatchObject([first, second]);
    const { etag } = await steps.complete(K("a/b.txt"), uploadId, [first, second], {});
    expect(await text("a/b.txt")).toBe("onetwo");
    expect(await store.head(K("a/b.txt"), {})).toMatchObject({ etag, size: 6, metadata: { n: "1" } });
    expect((await files()).filter((file) => !file.startsWith(".unbucket/meta/"))).toEqual([
      ".unbucket/version",
      "a/b.txt",
    ]);
  });

  it("S23: is not listed, read, cleared or told, by keys or as key-value items", async () => {
    const base = await emptyFolder();
    const driver = fs({ base });
    const storage = createStorage({ driver });
    const told: string[] = [];
    await storage.watch((event, key) => void told.push(`${event} ${key}`));
    const upload = await driver.createMultipartUpload("seen", { partSize: 5 * 2 ** 20 });
    const part = await upload.uploadPart(1, "x");
    expect(await storage.getKeys()).toEqual([]);
    for await (const entry of driver.list()) expect.fail(`${entry.key} is listed`);
    for (const file of (await filesBelow(base)).filter((path) => path.includes("/uploads/"))) {
      expect(await driver.exists(file)).toBe(false);
      expect(await storage.hasItem(file)).toBe(false);
    }
    expect(await driver.deletePrefix(".unbucket/")).toBe(0);
    await storage.clear();
    await upload.complete([part]);
    await expect.poll(() => told).toEqual(["update seen"]);
    expect(await storage.getKeys()).toEqual(["seen"]);
    await driver.dispose();
  });

  it("rejects denied where the folder is read-only, touches nothing, and lets go of a body", async () => {
    const { base, steps, files } = await uploads();
    const { uploadId } = await steps.create(K("k"), {});
    const part = await steps.uploadPart(K("k"), uploadId, 1, bytes("x"), {});
    const before = await files();
    const only = fsBackend({ base, readOnly: true }).multipart as Required<MultipartBackend>;
    const { stream, cancelled } = streamOf([bytes("x")]);
    for (const call of [
      () => only.create(K("k"), {}),
      () => only.uploadPart(K("k"), uploadId, 2, bytes("y"), {}),
      () => only.streamPart?.(K("k"), uploadId, 2, { stream }, {}) as Promise<UploadedPart>,
      () => only.complete(K("k"), uploadId, [part], {}),
      () => only.abort(K("k"), uploadId, {}),
    ])
      expect(await failure(call())).toMatchObject({ code: "denied" });
    expect(cancelled()).toMatchObject({ code: "denied" });
    expect(await files()).toEqual(before);
    expect(await only.parts(K("k"), uploadId, {})).toMatchObject([part]);
    expect(await all(only.pending("", {}))).toMatchObject([{ key: "k", uploadId }]);
  });

  it("does not presign, so that all requests of an upload are null", async () => {
    const driver = fs({ base: await emptyFolder() });
    const upload = await driver.createMultipartUpload("k", { size: 1 });
    expect(await upload.presign()).toBe(null);
    expect(await driver.presign("k", { method: "PUT", part: { uploadId: upload.uploadId, partNumber: 1 } })).toBe(null);
  });

  it("is listed by key in UTF-8 order, then by age", async () => {
    const { steps } = await uploads();
    expect(await all(steps.pending("", {}))).toEqual([]);
    const ids: string[] = [];
    for (const key of ["b", "\uffff", "😀", "a//x", "b"]) {
      ids.push((await steps.create(K(key), {})).uploadId);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const found = await all(steps.pending("", {}));
    expect(found.map(({ key, uploadId }) => `${key} ${ids.indexOf(uploadId)}`)).toEqual([
      ...["a//x 3", "b 0", "b 4", "\uffff 1", "😀 2"],
    ]);
    expect(Math.abs(Date.now() - (found[0]?.initiated.getTime() ?? 0))).toBeLessThan(10_000);
    expect((await all(steps.pending("a/", {}))).map(({ key }) => key)).toEqual(["a//x"]);
  });
});

describe("an id that is none", () => {
  const ids = ["", ".", "..", "../x", "../../out", "x/../y", "/etc", "0".repeat(32), "\0", "%2e%2e", "long"];

  it.each(ids)("L8: %j is not found, and nothing is touched", async (named) => {
    const uploadId = named === "long" ? "a".repeat(10_000) : named;
    const outside = await emptyFolder();
    const base = join(outside, "base");
    const { steps, put } = await uploads({ base });
    await put("k", "kept");
    // What a path made of the id would meet.
    for (const place of [outside, base, join(base, ".unbucket"), join(base, ".unbucket/x")]) {
      await mkdir(place, { recursive: true });
      await writeFile(join(place, "upload.json"), JSON.stringify({ key: "k", initiated: 1, headers: {} }));
      await writeFile(join(place, "1"), "part");
    }
    const before = await filesBelow(outside);
    expect(await steps.parts(K("k"), uploadId, {})).toBe(null);
    expect(await steps.completed(K("k"), { uploadId }, {})).toBe(null);
    await steps.abort(K("k"), uploadId, {});
    const part = { partNumber: 1, etag: '"x"' };
    const { stream, cancelled } = streamOf([bytes("x")]);
    for (const call of [
      () => steps.uploadPart(K("k"), uploadId, 1, bytes("x"), {}),
      () => steps.streamPart?.(K("k"), uploadId, 1, { stream }, {}) as Promise<UploadedPart>,
      () => steps.complete(K("k"), uploadId, [part], {}),
    ])
      expect(await failure(call())).toMatchObject({ code: "not-found" });
    expect(cancelled()).toMatchObject({ code: "not-found" });
    expect(await filesBelow(outside)).toEqual(before);
  });

  it("is another key's: not found, and that upload goes on", async () => {
    const { steps, text } = await uploads();
    const { uploadId } = await steps.create(K("mine"), {});
    const part = await steps.uploadPart(K("mine"), uploadId, 1, bytes("x"), {});
    expect(await steps.parts(K("yours"), uploadId, {})).toBe(null);
    await steps.abort(K("yours"), uploadId, {});
    expect(await failure(steps.complete(K("yours"), uploadId, [part], {}))).toMatchObject({ code: "not-found" });
    await steps.complete(K("mine"), uploadId, [part], {});
    expect(await text("mine")).toBe("x");
  });

  it("L9: is not followed when its folder, or that of all uploads, is a link", async () => {
    const { base, steps } = await uploads();
    const elsewhere = await emptyFolder();
    const id = "0123456789abcdef".repeat(2);
    await mkdir(join(elsewhere, id));
    await writeFile(join(elsewhere, id, "upload.json"), JSON.stringify({ key: "k", initiated: 1, headers: {} }));
    await writeFile(join(elsewhere, id, "1"), "outside");
    await mkdir(join(base, ".unbucket"));
    const check = async (): Promise<void> => {
      expect(await steps.parts(K("k"), id, {})).toBe(null);
      expect(await all(steps.pending("", {}))).toEqual([]);
      await steps.abort(K("k"), id, {});
      expect(await failure(steps.uploadPart(K("k"), id, 1, bytes("x"), {}))).toMatchObject({ code: "not-found" });
      expect(await readFile(join(elsewhere, id, "1"), "utf8")).toBe("outside");
    };
    await symlink(elsewhere, join(base, ".unbucket/uploads"));
    await check();
    expect(await failure(steps.create(K("k"), {}))).toMatchObject({ code: "denied" });
    const other = await uploads();
    await other.steps.create(K("other"), {});
    await symlink(join(elsewhere, id), join(other.base, ".unbucket/uploads", id));
    expect(await other.steps.parts(K("k"), id, {})).toBe(null);
    await other.steps.abort(K("k"), id, {});
    expect(await all(other.steps.pending("", {}))).toHaveLength(1);
    expect(await filesBelow(elsewhere)).toEqual([`${id}/1`, `${id}/upload.json`]);
  });
});

it("resumes in another driver what send has begun, from its state as JSON", async () => {
  const base = await emptyFolder();
  const partSize = 5 * 2 ** 20;
  const data = noise(3 * partSize + 7, 4);
  const upload = await fs({ base }).createMultipartUpload("k", { size: data.length, partSize });
  const pieces = [data.subarray(0, 2 * partSize + 1)];
  const broken = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = pieces.pop();
      if (piece) return controller.enqueue(piece);
      await expect.poll(() => upload.state().parts.length).toBe(2);
      throw new Error("cut off");
    },
  });
  await expect(upload.send(() => broken)).rejects.toThrow("cut off");
  const saved = JSON.stringify(upload.state());

  const backend = fsBackend({ base });
  const steps = backend.multipart as Required<MultipartBackend>;
  const sent: number[] = [];
  const uploadPart: MultipartBackend["uploadPart"] = (...call) => {
    sent.push(call[2]);
    return steps.uploadPart(...call);
  };
  const other = toDriver({ name: "fs", open: () => ({ ...backend, multipart: { ...steps, uploadPart } }) });
  const resume = async (): Promise<MultipartUpload> =>
    other.resumeMultipartUpload("k", JSON.parse(saved) as UploadState);
  const info = await (await resume()).send((start) => data.subarray(start));
  expect(sent.sort()).toEqual([3, 4]);
  expect(Buffer.compare(await (await other.download("k")).bytes(), data)).toBe(0);

  // As a third process that knows the state alone, when the second did not live to tell.
  expect(await (await resume()).send((start) => data.subarray(start))).toMatchObject({ etag: info.etag });
  expect(await failure((await resume()).send(() => noise(data.length, 5)))).toMatchObject({ code: "conflict" });
  expect(sent).toHaveLength(2);
});
