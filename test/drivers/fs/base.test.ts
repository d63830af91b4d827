import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { gone, type FolderIdentity, isSameFolder, lookAtBase, mustStay } from "../../../drivers/fs/base.ts";
import { emptyFolder, failure } from "./folder.ts";

it.each([false, true] as const)(
  "mustStay rejects when another folder or none is at the base (local: %s)",
  async (local) => {
    const base = join(await emptyFolder(), "base");
    const root = { base, isLocal: () => local };
    expect(await lookAtBase(root)).toBe(null);
    await mkdir(base);
    await writeFile(join(base, "file"), "");
    const before = (await lookAtBase(root)) as FolderIdentity;
    // What is in it does not matter.
    await unlink(join(base, "file"));
    await mustStay(root, before);

    await rename(base, `${base}-2`);
    expect(await failure(mustStay(root, before))).toEqual(gone());
    expect(gone()).toMatchObject({ code: "unavailable", retryable: true });
    await mkdir(base);
    // Until something is written no time tells when it was made.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(join(base, "file"), "");
    expect((await failure(mustStay(root, before))).message).toContain("another folder is where it was");
    await rm(base, { recursive: true });
    // A link counts as what it leads to.
    await symlink(`${base}-2`, base);
    await mustStay(root, before);
  },
);

it("isSameFolder goes by the device, and by number and birth, which both must be others", () => {
  const told = { dev: 1n, ino: 2n, birthtimeNs: 3n, ctimeNs: 4n };
  // As Linux without statx has it, and as network file systems do.
  const changed = { ...told, birthtimeNs: 4n };
  const none = { ...told, birthtimeNs: 0n };
  for (const [before, now, same] of [
    [told, { ...told, ctimeNs: 5n }, true],
    [told, { ...told, dev: 2n }, false],
    [told, { ...told, ino: 3n }, true],
    // Of a lower layer of overlayfs, after the first write into it.
    [told, { ...told, birthtimeNs: 5n, ctimeNs: 6n }, true],
    [told, { ...told, ino: 3n, birthtimeNs: 5n, ctimeNs: 6n }, false],
    // New and empty at first.
    [changed, { ...changed, ino: 3n, birthtimeNs: 5n, ctimeNs: 6n }, false],
    [changed, { ...changed, ino: 3n, birthtimeNs: 5n, ctimeNs: 5n }, true],
    [none, { ...none, ino: 3n, ctimeNs: 5n }, true],
    // Of a lower layer that tells none.
    [none, { ...told, ino: 3n, ctimeNs: 5n }, true],
    [none, { ...none, dev: 2n }, false],
  ] as const)
    expect([before, now, isSameFolder(before, now)]).toEqual([before, now, same]);
});
