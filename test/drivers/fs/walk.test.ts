import type * as FsPromises from "node:fs/promises";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it, vi } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { seekFrom } from "../../../drivers/fs/seek.ts";
import { walk } from "../../../drivers/fs/walk.ts";
import { emptyFolder } from "./folder.ts";

/** What happens before a folder is read, and once it has been. */
const after = vi.hoisted(() => ({
  read: async (): Promise<void> => {},
  asked: async (_path: string): Promise<void> => {},
}));

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const readdir = async (...args: Parameters<typeof fs.readdir>) => {
    await after.asked(await fs.realpath(args[0]));
    const entries = await fs.readdir(...args);
    await after.read();
    return entries;
  };
  return { ...fs, readdir };
});

it("walk merges both trees, takes the file that counts, and enters no folder that has fallen behind", async () => {
  const root = rootAt(await emptyFolder());
  for (const folder of [".unbucket/keys", "a/deep", "b", "skipped"])
    await mkdir(join(root.base, folder), { recursive: true });
  const files = ["a/1", "a/2", "a/deep/3", "b/4", "x:y", "c", "skipped/5"];
  for (const path of [...files, ".unbucket/keys/a%2f%2f=", ".unbucket/keys/c=", ".unbucket/keys/x%3ay="])
    await writeFile(join(root.base, path), "");
  await root.exists();
  const seek = seekFrom();
  const seen: string[] = [];
  for await (const { key, candidate } of walk({
    root,
    prefix: "",
    ignore: (path) => path.startsWith("skipped"),
    seek,
  })) {
    seen.push(`${key} ${candidate.tree}`);
    // A file that appears behind the position, in a folder that is not read yet.
    if (key === "a/1") {
      seek.move({ after: "a/", within: true });
      await writeFile(join(root.base, "a/deep/late"), "");
    }
  }
  expect(seen).toEqual(["a// keys", "a/1 plain", "b/4 plain", "c plain", "x:y keys"]);
});

it("walk gives a key that a write moves from the encoded tree to its plain path between the looks at both", async () => {
  const root = rootAt(await emptyFolder());
  await mkdir(join(root.base, ".unbucket/keys"), { recursive: true });
  await writeFile(join(root.base, ".unbucket/keys/c="), "");
  await root.exists();
  after.read = async () => {
    after.read = async () => {};
    await rename(join(root.base, ".unbucket/keys/c="), join(root.base, "c"));
  };
  const seen: string[] = [];
  for await (const { key } of walk({ root, prefix: "", ignore: () => false, seek: seekFrom() })) seen.push(key);
  expect(seen).toEqual(["c"]);
});

it("walk passes over a volume's own lost+found, which is root's, and over no other folder that it may not read", async () => {
  const root = rootAt(await emptyFolder());
  for (const folder of ["d/lost+found", "lost+found"]) await mkdir(join(root.base, folder), { recursive: true });
  await writeFile(join(root.base, "k"), "");
  await root.exists();
  let refused = "lost+found";
  after.asked = async (path) => {
    if (path.endsWith(`/${refused}`)) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
  };
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key } of walk({ root, prefix: "", ignore: () => false, seek: seekFrom() })) found.push(key);
    return found;
  };
  await expect(keys()).rejects.toThrow("EACCES");
  refused = `${basename(root.base)}/lost+found`;
  expect(await keys()).toEqual(["k"]);
});
