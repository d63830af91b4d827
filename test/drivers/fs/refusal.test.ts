import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answersAtOnce, refusal } from "../../../drivers/fs/refusal.ts";
import { emptyFolder as anyFolder, onPlatform } from "./folder.ts";

/** A base whose file system answers at once. */
async function emptyFolder(): Promise<string> {
  const folder = await anyFolder();
  answersAtOnce(folder, true);
  return folder;
}

/** A user who owns nothing; what he may do is what this process may. */
const OTHER = 64_301;

function asOther(): void {
  const spy = vi.spyOn(process, "geteuid").mockReturnValue(OTHER);
  onTestFinished(() => spy.mockRestore());
}

const refused = (code: string, syscall: string, path?: string, dest?: string): Error =>
  Object.assign(new Error(code), { code, syscall, path, dest });

describe("refusal", () => {
  it("tells of a sticky folder whose file it is, by the object's path where the call went by an open folder", async () => {
    const folder = await emptyFolder();
    const file = join(folder, "a");
    await writeFile(file, "1");
    asOther();
    const told = `only user ${process.getuid?.()}, whose file it is, may replace or remove ${JSON.stringify(file)}`;
    await chmod(folder, 0o1777);
    // The folder's owner may, too.
    const owner = vi.spyOn(process, "geteuid").mockReturnValue(process.getuid?.() as number);
    expect(refusal(refused("EPERM", "unlink", file))).toContain("lsattr");
    owner.mockReturnValue(OTHER);
    expect(refusal(refused("EPERM", "unlink", file))).toContain(told);
    expect(refusal(refused("EPERM", "rename", join(folder, "draft"), "/proc/self/fd/99/a"), file)).toContain(told);
    await chmod(folder, 0o777);
    expect(refusal(refused("EPERM", "unlink", file))).toContain(`${JSON.stringify(file)}, or its folder, as it is`);
    expect(refusal(refused("EPERM", "rename", file, join(folder, "new")))).toContain(
      `${JSON.stringify(folder)} as it is`,
    );
  });

  it("tells nothing that it cannot see: no path, no right that is missing, a call that changes no name", async () => {
    const folder = await emptyFolder();
    await mkdir(join(folder, "d"));
    asOther();
    for (const error of [
      refused("EACCES", "fsync"),
      refused("EACCES", "unlink", "/proc/self/fd/99/a"),
      refused("EACCES", "unlink", join(folder, "a")),
      refused("EACCES", "open", join(folder, "d")),
      refused("EACCES", "lstat", join(folder, "d", "none")),
      refused("EACCES", "lstat", join(folder, "none", "none")),
      refused("EPERM", "chmod", join(folder, "d")),
      refused("EPERM", "unlink", join(folder, "none", "none")),
    ])
      expect(refusal(error)).toBeNull();
  });

  it("asks nobody where the file system may stall, as one of another machine, and the process with it", async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, "a"), "1");
    const error = refused("EPERM", "unlink", join(folder, "a"));
    expect(refusal(error)).toContain("lsattr");
    answersAtOnce(folder, false);
    expect(refusal(error)).toBeNull();
    expect(refusal(refused("EPERM", "unlink", "/a"))).toBeNull();
  });

  it("asks nobody on Windows, and not under Deno, which asks its user", () => {
    const error = refused("EPERM", "unlink", "/a");
    const asked = vi.spyOn(process, "geteuid");
    onTestFinished(() => asked.mockRestore());
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(refusal(error)).toBeNull();
    expect(asked).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
    onPlatform("win32");
    expect(refusal(error)).toBeNull();
  });

  it("tells which path Node's permission model keeps back, and nothing of a call that it has switched off", () => {
    const kept = (permission: string, resource?: string): Error =>
      Object.assign(new Error("kept"), { code: "ERR_ACCESS_DENIED", permission, resource });
    expect(refusal(kept("FileSystemRead", "/srv/a"))).toMatch(/not let the process read "\/srv\/a".*--allow-fs-read/);
    expect(refusal(kept("FileSystemWrite", "/srv/a"))).toMatch(
      /not let the process write "\/srv\/a".*--allow-fs-write/,
    );
    expect([refusal(kept("", "")), refusal(kept("FileSystemWrite"))]).toEqual([null, null]);
  });
});
