import { mkdir, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { anchor, pathOf, placeOf } from "../../../drivers/fs/anchor.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

const linux = process.platform === "linux";

async function place() {
  const root = rootAt(await emptyFolder());
  const outside = await emptyFolder();
  await mkdir(join(root.base, "a/b"), { recursive: true });
  await mkdir(join(outside, "b"));
  await root.exists();
  return { root, outside };
}

describe("anchor", () => {
  it("keeps names in the folder that it holds, whatever takes its place", async () => {
    const { root, outside } = await place();
    const held = await anchor(root, "a/b");
    await rename(join(root.base, "a"), join(root.base, "moved"));
    await symlink(outside, join(root.base, "a"));
    await writeFile(held?.path("k") ?? "", "x");
    await held?.close();
    // Where descriptors have no names, this is the race that is left.
    expect(await readFile(join(linux ? join(root.base, "moved") : outside, "b/k"), "utf8")).toBe("x");
  });

  it("refuses a folder that a link leads out of, and one that is gone", async () => {
    const { root, outside } = await place();
    await rename(join(root.base, "a"), join(root.base, "moved"));
    await symlink(outside, join(root.base, "a"));
    await symlink(join(root.base, "moved"), join(root.base, "link"));
    if (linux) {
      for (const folder of ["a/b", "link/b"]) expect(await anchor(root, folder)).toBe(null);
      await expect(anchor(root, "link")).rejects.toThrow("ENOTDIR");
      await expect(anchor(root, "none")).rejects.toThrow("ENOENT");
    }
    expect((await anchor(root, ""))?.handle).toBe(null);
  });
});

describe("placeOf", () => {
  it("tells of an open file whether it is where its name says, has been replaced, or is elsewhere", async () => {
    const { root, outside } = await place();
    for (const path of ["a/b/k", "a/b/k (deleted)"]) {
      await writeFile(join(root.base, path), "x");
      const handle = await open(join(root.base, path));
      expect(await placeOf(root, handle, path)).toBe("inside");
      expect(await placeOf(root, handle, "a/b/other")).toBe(linux ? "linked" : "inside");
      await rm(join(root.base, path));
      expect(await placeOf(root, handle, path)).toBe(linux ? "gone" : "inside");
      expect((await pathOf(handle)) !== null).toBe(linux);
      await handle.close();
    }
    await writeFile(join(outside, "b/k"), "secret");
    const handle = await open(join(outside, "b/k"));
    expect(await placeOf(root, handle, "a/b/k")).toBe(linux ? "linked" : "inside");
    await handle.close();
  });
});
