import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { anchor, anchors, pathOf, placeOf } from "../../../drivers/fs/anchor.ts";
import { open } from "../../../drivers/fs/file.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { openBelow } from "../../support/descriptors.ts";
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

  it("holds by name alone where only the base may be written, and tells links all the same", async () => {
    if (!linux) return;
    const { root, outside } = await place();
    const has = (right: string, path: string): boolean => right !== "fs.write" || path.startsWith(root.base);
    Object.defineProperty(process, "permission", { value: { has }, configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(process, "permission"));
    const held = await anchor(root, "a/b");
    expect(held?.path("k")).toBe(join(root.base, "a/b/k"));
    expect(await openBelow(root.base)).toEqual([]);
    await rename(join(root.base, "a"), join(root.base, "moved"));
    await symlink(outside, join(root.base, "a"));
    expect(await anchor(root, "a/b")).toBe(null);
  });
});

describe("anchors", () => {
  it("holds a folder for the next write, unless it was moved, removed or made anew, and lets it go after a second", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { root } = await place();
    const { anchor: hold, release } = anchors(root, () => true);
    const first = await hold("a/b");
    expect((first?.handle ?? null) !== null).toBe(linux);
    if (!linux) return;
    await first?.close();
    const second = await hold("a/b");
    // The same descriptor: nothing was opened.
    expect(second?.folder).toBe(first?.folder);
    await second?.close();
    await rename(join(root.base, "a"), join(root.base, "moved"));
    await expect(hold("a/b")).rejects.toThrow("ENOENT");
    await mkdir(join(root.base, "a/b"), { recursive: true });
    const anew = await hold("a/b");
    await writeFile(anew?.path("k") ?? "", "x");
    expect(await readFile(join(root.base, "a/b/k"), "utf8")).toBe("x");
    await anew?.close();
    const left = (): number => openBelow(root.base).length;
    vi.advanceTimersByTime(999);
    expect(left()).toBe(1);
    vi.advanceTimersByTime(1);
    await expect.poll(left).toBe(0);
    for (let n = 0; n < 20; n++) {
      await mkdir(join(root.base, `${n}`));
      await (await hold(`${n}`))?.close();
    }
    await expect.poll(left).toBe(8);
    const used = await hold("a/b");
    // The one that is used again and again stays.
    for (let n = 0; n < 20; n++) {
      await (await hold(`${n}`))?.close();
      const again = await hold("a/b");
      expect(again?.folder).toBe(used?.folder);
      await again?.close();
    }
    release();
    await expect.poll(left).toBe(1);
    await writeFile(used?.path("last") ?? "", "x");
    await used?.close();
    expect(left()).toBe(0);
  });

  it("keeps a folder for each who uses it until they have let it go, once each, also when all are let go", async () => {
    const { root } = await place();
    const { anchor: hold, release } = anchors(root, () => true);
    const [first, second, third] = [await hold("a/b"), await hold("a/b"), await hold("a/b")];
    await first?.close();
    await first?.close();
    release();
    await second?.close();
    // By a descriptor that is closed, names would lead to nowhere, or into the folder that is opened next.
    await writeFile(third?.path("k") ?? "", "x");
    expect(await readFile(join(root.base, "a/b/k"), "utf8")).toBe("x");
    await third?.close();
    expect(openBelow(root.base)).toEqual([]);
  });

  it("keeps none of a base that may be another folder the next moment", async () => {
    const { root } = await place();
    const { anchor: hold } = anchors(root, () => false);
    const first = await hold("a/b");
    await first?.close();
    expect(openBelow(root.base)).toEqual([]);
  });
});

describe("placeOf", () => {
  it("tells of an open file whether it is where its name says, has been replaced, or is elsewhere", async () => {
    const { root, outside } = await place();
    for (const path of ["a/b/k", "a/b/k (deleted)"]) {
      await writeFile(join(root.base, path), "x");
      const handle = await open(join(root.base, path), "r", true);
      expect(await placeOf(root, handle, path)).toBe("inside");
      expect(await placeOf(root, handle, "a/b/other")).toBe(linux ? "linked" : "inside");
      await rm(join(root.base, path));
      expect(await placeOf(root, handle, path)).toBe(linux ? "gone" : "inside");
      expect(pathOf(handle) !== null).toBe(linux);
      await handle.close();
    }
    await writeFile(join(outside, "b/k"), "secret");
    const handle = await open(join(outside, "b/k"), "r", true);
    expect(await placeOf(root, handle, "a/b/k")).toBe(linux ? "linked" : "inside");
    await handle.close();
  });
});
