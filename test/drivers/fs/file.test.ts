import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isLocalFolder, lookAt, open } from "../../../drivers/fs/file.ts";
import { emptyFolder, MEMORY } from "./folder.ts";

const linux = process.platform === "linux";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.each([true, false, "memory"] as const)("an open file (local: %s)", (local) => {
  it("writes, reads at any place into any view, and tells of itself what a look at its name tells", async () => {
    const path = join(await emptyFolder(), "k");
    const file = await open(path, "wx", local, 0o600);
    expect(await file.write(bytes("abcdef"), 2)).toBe(4);
    await file.sync();
    const stats = await file.stat();
    await file.close();
    const { mtimeNs, mode, size } = await stat(path, { bigint: true });
    expect([stats.mtimeNs, stats.mode & 0o777n, stats.size]).toEqual([mtimeNs, mode & 0o777n, size]);
    expect([await readFile(path, "utf8"), mode & 0o777n]).toEqual(["cdef", 0o600n]);
    const again = await open(path, "r", local);
    const into = bytes("------");
    expect(await again.read(into.subarray(2, 4), 1)).toBe(2);
    expect([new TextDecoder().decode(into), await again.read(into, 4)]).toEqual(["--de--", 0]);
    await again.close();
  });

  it("is closed once, and never the one that has its number after it", async () => {
    const path = join(await emptyFolder(), "k");
    await writeFile(path, "x");
    const first = await open(path, "r", local);
    await first.close();
    const second = await open(path, "r", local);
    await first.close();
    expect((await second.stat()).size).toBe(1n);
    await second.close();
    await expect(open(path, "wx", local)).rejects.toMatchObject({ code: "EEXIST" });
  });
});

describe("lookAt", () => {
  it.each([false, "memory"] as const)(
    "sees a link as a link, and nothing where there is nothing or a file on the way (local: %s)",
    async (local) => {
      const folder = await emptyFolder();
      await writeFile(join(folder, "k"), "x");
      await symlink("k", join(folder, "link"));
      expect((await lookAt(join(folder, "k"), local))?.isFile()).toBe(true);
      expect((await lookAt(join(folder, "link"), local))?.isSymbolicLink()).toBe(true);
      expect([await lookAt(join(folder, "none"), local), await lookAt(join(folder, "k/below"), local)]).toEqual([
        null,
        null,
      ]);
    },
  );
});

describe("isLocalFolder", () => {
  it("is said of no file system that asks a program, and of no folder that is not there", async () => {
    const folder = await emptyFolder();
    await mkdir(join(folder, "d"));
    const known = linux && readdirSync("/proc").length > 0;
    if (known) expect(await isLocalFolder("/proc")).toBe(false);
    expect(await isLocalFolder(join(folder, "none"))).toBe(false);
  });

  it("tells what lies in memory from what lies on a disk", async () => {
    for (const place of [MEMORY, tmpdir(), "."]) {
      const kind = linux && execFileSync("stat", ["-f", "-c", "%T", place], { encoding: "utf8" }).trim();
      if (kind === "tmpfs") expect(await isLocalFolder(place)).toBe("memory");
      else if (kind === "ext2/ext3" || !linux) expect(await isLocalFolder(place)).toBe(linux);
    }
  });
});
