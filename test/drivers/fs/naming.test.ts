import fs from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { giveName } from "../../../drivers/fs/naming.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import type { MultipartBackend } from "../../../src/backend.ts";
import { emptyFolder, failure, folder, K, MEMORY, mocked } from "./folder.ts";

const { rename, renameSync } = fs;

/** Has every rename find that something was done with what it is to rename: by default what it asks for. */
function answeredTwice(first: (from: string, to: string) => void = renameSync): void {
  vi.spyOn(fs, "rename").mockImplementation((from, to, done) => {
    first(String(from), String(to));
    rename(from, to, done);
  });
  vi.spyOn(fs, "renameSync").mockImplementation((from, to) => {
    first(String(from), String(to));
    renameSync(from, to);
  });
  mocked();
}

describe("giveName, where NFS asks again since the first answer is lost", () => {
  let root: Root;
  const looked: string[] = [];
  beforeEach(async () => {
    const base = await emptyFolder();
    const real = rootAt(base);
    looked.length = 0;
    root = { ...real, fileNow: (path) => (looked.push(path), real.fileNow(path)) };
  });

  /** A file, and how it is given a name that another one may have. */
  async function given(): Promise<() => Promise<void>> {
    await writeFile(root.path("draft"), "new");
    const file = { path: "draft", stats: fs.statSync(root.path("draft"), { bigint: true }) };
    return () => giveName(root, file, { path: "name", at: root.path("name") });
  }

  it.each([[["name"]], [[]]])("finds that the file has its name, where %j was there", async (before) => {
    for (const name of before) await writeFile(root.path(name), "old");
    const give = await given();
    answeredTwice();
    await give();
    expect(await readFile(root.path("name"), "utf8")).toBe("new");
    expect(await readdir(root.base)).toEqual(["name"]);
    // In such a way that the server is asked what is there.
    expect(looked).toEqual(["name"]);
  });

  it.each([
    ["nothing", undefined],
    ["another file", "old"],
    ["another file with the same bytes", "new"],
  ])("fails when the file is gone and %s has its name", async (_, text) => {
    if (text !== undefined) await writeFile(root.path("name"), text);
    const give = await given();
    answeredTwice(fs.unlinkSync);
    expect(await failure(give())).toMatchObject({ code: "ENOENT" });
    if (text !== undefined) expect(await readFile(root.path("name"), "utf8")).toBe(text);
  });

  it("asks for nothing else when it was refused otherwise", async () => {
    const give = await given();
    fs.mkdirSync(root.path("name"));
    expect(await failure(give())).toMatchObject({ code: "EISDIR" });
    expect(looked).toEqual([]);
  });
});

describe.each([
  ["on a disk", undefined],
  ["in memory", MEMORY],
])("what a folder writes %s, where NFS asks again for each name", (_, place) => {
  it("is stored with its metadata, as an object, in parts, over what was there, and leaves nothing", async () => {
    const { base, store, put, text, files } = await folder({ base: join(await emptyFolder(place), "base") });
    answeredTwice();
    const { rmdir } = fs.promises;
    vi.spyOn(fs.promises, "rmdir").mockImplementation((path) => rmdir(path).then(() => rmdir(path)));
    mocked();
    await put("k", "old", { metadata: { v: "old" } });
    const info = await put("k", "new", { metadata: { v: "new" } });
    expect(await store.head(K("k"), {})).toEqual(info);
    expect([info.metadata, await text("k")]).toEqual([{ v: "new" }, "new"]);

    const multipart = store.multipart as MultipartBackend;
    const { uploadId } = await multipart.create(K("p"), { metadata: { of: "parts" } });
    const part = await multipart.uploadPart(K("p"), uploadId, 1, new TextEncoder().encode("part"), {});
    await multipart.complete(K("p"), uploadId, [part], {});
    expect([(await store.head(K("p"), {}))?.metadata, await text("p")]).toEqual([{ of: "parts" }, "part"]);

    await put("a/b/c", "x");
    await store.delete(K("a/b/c"), {});
    expect(await readdir(base)).toEqual([".unbucket", "k", "p"]);

    const left = (await files()).filter((file) => !file.startsWith(join(".unbucket", "meta")));
    expect(left).toEqual([join(".unbucket", "version"), "k", "p"]);
    expect(await readdir(join(base, ".unbucket/tmp"))).toEqual([]);
  });
});
