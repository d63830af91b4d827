import { rmSync } from "node:fs";
import { mkdir, readdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { beginUpload, endUpload } from "../../../drivers/fs/multipart-folder.ts";
import { partsOf, storedParts, storePart } from "../../../drivers/fs/multipart-parts.ts";
import { parseOptions, type Settings } from "../../../drivers/fs/options.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import type { Source, StoredPart } from "../../../src/backend.ts";
import { emptyFolder, failure, filesBelow, streamOf } from "./folder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Begun {
  readonly root: Root;
  readonly settings: Settings;
  readonly id: string;
  readonly at: string;
  store(partNumber: number, source: Source, signal?: AbortSignal): Promise<StoredPart>;
}

async function begun(): Promise<Begun> {
  const base = await emptyFolder();
  const [root, settings] = [rootAt(base), parseOptions({ base, durable: false })];
  const id = await beginUpload(root, settings, "k", { headers: {} });
  const store: Begun["store"] = (partNumber, source, signal) =>
    storePart(root, settings, { key: "k", uploadId: id, partNumber }, source, signal);
  return { root, settings, id, at: join(base, ".unbucket/uploads", id), store };
}

describe("storePart", () => {
  it("replaces an earlier part of its number, with another ETag for the same bytes too", async () => {
    const { root, id, store } = await begun();
    const first = await store(2, { bytes: bytes("same") });
    const second = await store(2, { bytes: bytes("same") });
    expect(first.etag).not.toBe(second.etag);
    expect(second).toEqual({ partNumber: 2, etag: expect.stringMatching(/^".+"$/) as string, size: 4 });
    const [stored] = await storedParts(root, id);
    expect(stored).toMatchObject(second);
    expect(Math.abs(Date.now() - Number(stored?.lastModified))).toBeLessThan(60_000);
  });

  it("L9: gives no name through a link that has taken the upload's place while the bytes came", async () => {
    const [{ id, root, at, store }, outside] = [await begun(), await emptyFolder()];
    await writeFile(join(outside, "2"), "kept");
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await rename(at, `${at}.aside`);
          await symlink(outside, at);
          controller.enqueue(bytes("out"));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    await failure(store(1, { stream }));
    await endUpload(root, id);
    expect(await filesBelow(outside)).toEqual(["2"]);
    expect(await storedParts(root, id)).toEqual([]);
  });

  it("S23: shows a part that streams when it is whole, and an earlier one until then", async () => {
    const { root, id, store } = await begun();
    const first = await store(1, { bytes: bytes("old") });
    const seen: (readonly StoredPart[])[] = [];
    const stream = new ReadableStream<Uint8Array>({
      async pull(controller) {
        seen.push(await storedParts(root, id));
        if (seen.length < 3) controller.enqueue(bytes("new"));
        else controller.close();
      },
    });
    const second = await store(1, { stream });
    expect(seen).toMatchObject([[first], [first], [first]]);
    expect(await storedParts(root, id)).toMatchObject([second]);
    expect(second.size).toBe(6);
  });

  it("leaves a part that was begun later and is there already, as a client that sent it twice names the second", async () => {
    const { root, id, at, store } = await begun();
    let release = (): void => {};
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes("same"));
        release = () => controller.close();
      },
    });
    const first = failure(store(1, { stream }));
    const drafts = (): Promise<string[]> => readdir(join(at, "../../tmp"));
    await expect.poll(drafts).toHaveLength(1);
    // The clock of a file system ticks every few milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 30));
    const second = await store(1, { bytes: bytes("same") });
    release();
    expect(await first).toMatchObject({ code: "conflict", retryable: true });
    expect(await storedParts(root, id)).toMatchObject([second]);
    expect(await drafts()).toEqual([]);
    const third = await store(1, { bytes: bytes("third") });
    expect(await storedParts(root, id)).toMatchObject([third]);
  });

  it("leaves nothing when the stream breaks, is aborted or has another size", async () => {
    const { root, id, store } = await begun();
    const broken = streamOf(
      (function* () {
        yield bytes("x");
        throw new Error("broken");
      })(),
    );
    await expect(store(1, { stream: broken.stream })).rejects.toThrow("broken");
    expect(await failure(store(1, { stream: streamOf([bytes("xy")]).stream, size: 1 }))).toMatchObject({
      code: "invalid-option",
    });
    const reason = new Error("given up");
    await expect(store(1, { bytes: bytes("x") }, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await storedParts(root, id)).toEqual([]);
    expect(await readdir(join(root.base, ".unbucket/tmp"))).toEqual([]);
  });

  it("finds the upload over when it was ended while the part came, and leaves nothing of it", async () => {
    // Ended before the part has its name, and in the moment in which it gets it.
    for (const leftover of [false, true]) {
      const { root, id, at, store } = await begun();
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await endUpload(root, id);
          // As an end looks that has read the folder before the part came.
          if (leftover) await mkdir(at);
          controller.enqueue(bytes("late"));
          controller.close();
        },
      });
      expect(await failure(store(1, { stream }))).toMatchObject({ code: "not-found" });
      expect(await filesBelow(root.base)).toEqual([".unbucket/version"]);
      expect(await readdir(join(root.base, ".unbucket/uploads"))).toEqual([]);
    }
  });
});

it("storedParts passes over what is no part's name, and links", async () => {
  const { root, id, at, store } = await begun();
  const part = await store(10_000, { bytes: bytes("x") });
  for (const name of ["0", "01", "10001", "1.bak", "x", "-1", "99999"]) await writeFile(join(at, name), "x");
  await symlink(join(at, "x"), join(at, "5"));
  await mkdir(join(at, "6"));
  expect(await storedParts(root, id)).toMatchObject([part]);
});

describe("partsOf", () => {
  it("gives all parts, or null for what is no upload of this key", async () => {
    const { root, id, store } = await begun();
    const part = await store(1, { bytes: bytes("one") });
    expect(await partsOf(root, "k", id)).toMatchObject([part]);
    expect(await partsOf(root, "other", id)).toBeNull();
    await endUpload(root, id);
    expect(await partsOf(root, "k", id)).toBeNull();
  });

  it("gives null for an upload that ends while it is read, never some of its parts", async () => {
    const { root, id, at, store } = await begun();
    for (const number of [1, 2]) await store(number, { bytes: bytes("part") });
    const ending: Root = {
      ...root,
      path(relative) {
        // As another process does it: the record, and then the first part, before this one has looked at that.
        if (relative.endsWith(id)) for (const name of ["upload.json", "1"]) rmSync(join(at, name), { force: true });
        return root.path(relative);
      },
    };
    expect(await partsOf(ending, "k", id)).toBeNull();
  });
});
