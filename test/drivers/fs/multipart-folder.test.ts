import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  abortUpload,
  beginUpload,
  endUpload,
  findUpload,
  pendingUploads,
  uploadIds,
} from "../../../drivers/fs/multipart-folder.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder, filesBelow } from "./folder.ts";

async function begun(key = "k"): Promise<{ root: Root; id: string; at: string }> {
  const base = await emptyFolder();
  const root = rootAt(base);
  const id = await beginUpload(root, parseOptions({ base, durable: false }), key, {
    headers: { cacheControl: "no-cache" },
  });
  return { root, id, at: join(base, ".unbucket/uploads", id) };
}

it("beginUpload gives an id of 128 random bits that is a file name everywhere", async () => {
  const ids = new Set<string>();
  for (let n = 0; n < 20; n++) ids.add((await begun()).id);
  expect(ids.size).toBe(20);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

it("findUpload gives key, time and headers, in a folder that is opened anew too", async () => {
  const { root, id } = await begun("a//b");
  const upload = await findUpload(rootAt(root.base), "a//b", id);
  expect(upload).toEqual({
    key: "a//b",
    initiated: expect.any(Number) as number,
    headers: { cacheControl: "no-cache" },
  });
  expect(Math.abs(Date.now() - (upload?.initiated ?? 0))).toBeLessThan(10_000);
  expect(await findUpload(rootAt(join(root.base, "missing")), "a//b", id)).toBe(null);
});

describe("a record that is not whole", () => {
  it.each(["", '{"key":"k","init', '{"key":"k"}', "null", "[]"])(
    "%j is no upload, and hides no other",
    async (text) => {
      const { root, id, at } = await begun();
      const other = await beginUpload(root, parseOptions({ base: root.base, durable: false }), "other", {
        headers: {},
      });
      await writeFile(join(at, "upload.json"), text);
      expect(await findUpload(root, "k", id)).toBe(null);
      expect(await pendingUploads(root, "")).toMatchObject([{ key: "other", uploadId: other }]);
    },
  );
});

it("uploadIds passes over what is no upload's name", async () => {
  const { root, id } = await begun();
  for (const name of ["x", `${id}.bak`, id.toUpperCase().replace(/\d/g, "A")])
    await mkdir(join(root.base, ".unbucket/uploads", name), { recursive: true });
  expect(await uploadIds(root)).toEqual([id]);
});

it("endUpload removes the record first, then the parts and the folder, and can be repeated", async () => {
  const { root, id, at } = await begun();
  for (const name of ["1", "2", "10000"]) await writeFile(join(at, name), "x");
  // A folder that other hands have put there stops it: the upload is over all the same.
  await mkdir(join(at, "0-folder"));
  await expect(endUpload(root, id)).rejects.toMatchObject({ code: expect.stringMatching(/EPERM|EISDIR/) as string });
  expect(await findUpload(root, "k", id)).toBe(null);
  await rm(join(at, "0-folder"), { recursive: true });
  await endUpload(root, id);
  await endUpload(root, id);
  expect(await readdir(join(root.base, ".unbucket/uploads"))).toEqual([]);
  expect(await filesBelow(root.base)).toEqual([".unbucket/version"]);
});

it("abortUpload makes no folder to look for an upload in", async () => {
  const base = join(await emptyFolder(), "missing");
  const settings = parseOptions({ base });
  await abortUpload(rootAt(base), settings, "k", "0".repeat(32), undefined);
  await expect(readdir(base)).rejects.toMatchObject({ code: "ENOENT" });
});
