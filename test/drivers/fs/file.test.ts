import { mkdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import type * as Fs from "node:fs";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Local } from "../../../drivers/fs/calls.ts";
import { keptIf, lookAt, namesIn, natureOf, open, READ, SMALL, type File } from "../../../drivers/fs/file.ts";
import { emptyFolder, MEMORY, onPlatform } from "./folder.ts";

/** How files were flushed and closed, and what a close fails with after it. */
const seen = vi.hoisted(() => ({ calls: [] as string[], fails: null as Error | null }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const later = (name: "close" | "fsync") => (fd: number, done: (error: Error | null) => void) => {
    seen.calls.push(name);
    fs[name](fd, (error) => done(error ?? (name === "close" ? seen.fails : null)));
  };
  const closeSync = (fd: number) => {
    seen.calls.push("closeSync");
    fs.closeSync(fd);
    if (seen.fails) throw seen.fails;
  };
  return { ...fs, close: later("close"), fsync: later("fsync"), closeSync };
});
beforeEach(() => Object.assign(seen, { calls: [], fails: null }));

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

describe("the close of an open file", () => {
  const write = async (file: File): Promise<unknown> => file.write(bytes("x"), 0);
  const flush = async (file: File): Promise<unknown> => write(file).then(() => file.sync());

  it.each<[string, Local, (file: File) => Promise<unknown>, string[]]>([
    ["was only read", true, (file) => file.stat(), ["closeSync"]],
    ["was written, which the system may still have to do", true, write, ["close"]],
    ["is flushed", true, flush, ["fsync", "closeSync"]],
    ["lies in memory", "memory", write, ["closeSync"]],
    ["lies on another machine", false, (file) => file.stat(), ["close"]],
  ])("waits for nothing where it may take long: one that %s", async (_, local, use, calls) => {
    const file = await open(join(await emptyFolder(), "k"), "w+", local);
    await use(file);
    await file.close();
    expect(seen.calls).toEqual(calls);
  });

  it("waits for nothing where it may free much room", async () => {
    const path = join(await emptyFolder(), "k");
    for (const more of [0, 1]) {
      const file = await open(path, "w+", true);
      await truncate(path, Number(SMALL) + more);
      await file.stat();
      await file.close();
    }
    expect(seen.calls).toEqual(["closeSync", "close"]);
  });

  it("fails when bytes may be lost by it, and not of what was only read or is flushed", async () => {
    for (const [use, fails] of [
      [(file: File) => file.stat(), false],
      [write, true],
      [flush, false],
    ] as const) {
      const file = await open(join(await emptyFolder(), "k"), "w+", true);
      await use(file);
      seen.fails = new Error("lost");
      if (fails) await expect(file.close()).rejects.toThrow("lost");
      else await file.close();
      seen.fails = null;
    }
  });
});

describe("open", () => {
  it("L9: to read follows no link and waits for no pipe", async () => {
    const folder = await emptyFolder();
    await symlink("pipe", join(folder, "link"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(open(join(folder, "link"), READ, false)).rejects.toMatchObject({ code: "ELOOP" });
    await (await open(join(folder, "pipe"), READ, false)).close();
  });
});

describe("keptIf", () => {
  it("closes the file of which nothing is made", async () => {
    let closed = 0;
    const file = { close: async () => void closed++ } as Partial<File> as File;
    expect([await keptIf(file, async () => "made"), closed]).toEqual(["made", 0]);
    expect([await keptIf(file, async () => null), closed]).toEqual([null, 1]);
    await expect(keptIf(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(closed).toBe(2);
  });
});

describe("namesIn", () => {
  it("gives the names in a folder, and none where there is no folder", async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, "k"), "");
    expect([await namesIn(folder), await namesIn(join(folder, "none")), await namesIn(join(folder, "k"))]).toEqual([
      ["k"],
      [],
      [],
    ]);
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

describe("natureOf", () => {
  it("is said of no file system that asks a program, and of no folder that is not there", async () => {
    const folder = await emptyFolder();
    await mkdir(join(folder, "d"));
    const known = linux && readdirSync("/proc").length > 0;
    if (known) expect(await natureOf("/proc")).toEqual({ local: false, remembers: false });
    expect(await natureOf(join(folder, "none"))).toEqual({ local: false, remembers: false });
    onPlatform("darwin");
    expect((await natureOf(folder)).local).toBe(false);
  });

  it("tells what lies in memory from what lies on a disk", async () => {
    for (const place of [MEMORY, tmpdir(), "."]) {
      const kind = linux && execFileSync("stat", ["-f", "-c", "%T", place], { encoding: "utf8" }).trim();
      if (kind === "tmpfs") expect((await natureOf(place)).local).toBe("memory");
      else if (kind === "ext2/ext3" || !linux) expect((await natureOf(place)).local).toBe(linux);
    }
  });
});
