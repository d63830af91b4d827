import fs, { constants } from "node:fs";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { answersAtOnce, refusal } from "../../../drivers/fs/refusal.ts";
import { emptyFolder as anyFolder, mocked } from "./folder.ts";

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

const { accessSync } = fs;

/** Takes a right on these paths from this process, for which root alone needs none. */
function without(right: number, ...paths: readonly string[]): void {
  vi.spyOn(fs, "accessSync").mockImplementation((path, mode) => {
    if (mode === right && paths.includes(String(path))) throw new Error("EACCES");
    accessSync(path, mode);
  });
  mocked();
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

  it("tells which right is missing on which path, by what the call does there", async () => {
    const folder = await emptyFolder();
    const [file, none] = [join(folder, "a"), join(folder, "none")];
    await writeFile(file, "1");
    await chmod(folder, 0o755);
    asOther();
    const told = (syscall: string, path: string, dest?: string): string | null =>
      refusal(refused("EACCES", syscall, path, dest))?.replace(/, which belongs to .*/, "") ?? null;
    const mayNot = (what: string, path: string): string => `user ${OTHER} may not ${what} ${JSON.stringify(path)}`;
    const named = ["rename", "link", "unlink", "symlink", "mkdir", "rmdir"];
    const looking = ["lstat", "stat", "realpath", "readlink"];

    without(constants.W_OK, folder);
    for (const syscall of [...named, "open", "copyfile"])
      expect([syscall, told(syscall, none)]).toEqual([syscall, mayNot("write in", folder)]);
    for (const syscall of [...looking, "scandir", "watch"])
      expect([syscall, told(syscall, file)]).toEqual([syscall, null]);
    expect(refusal(refused("EACCES", "unlink", file))).toContain(
      `belongs to user ${process.getuid?.()} and group ${process.getgid?.()} with mode 755; give it`,
    );
    // What was to be replaced comes first, and what can be is not what was refused.
    const other = await emptyFolder();
    expect(told("rename", file, join(other, "a"))).toBe(mayNot("write in", folder));

    without(constants.R_OK, file);
    for (const syscall of ["open", "scandir", "watch", "copyfile"])
      expect([syscall, told(syscall, file)]).toEqual([syscall, mayNot("read", file)]);
    for (const syscall of [...looking, ...named]) expect([syscall, told(syscall, file)]).toEqual([syscall, null]);
    expect(told("open", none)).toBeNull();

    without(constants.X_OK, dirname(folder), folder);
    for (const syscall of [...looking, "open", "unlink"])
      expect([syscall, told(syscall, file)]).toEqual([syscall, mayNot("enter", dirname(folder))]);
  });

  it("tells of what the system keeps as it is, by each call that changes names", async () => {
    const folder = await emptyFolder();
    const [file, none] = [join(folder, "a"), join(folder, "none")];
    await writeFile(file, "1");
    await chmod(folder, 0o1777);
    const naming = ["open", "rename", "link", "unlink", "symlink", "mkdir", "rmdir", "copyfile"];
    for (const syscall of naming)
      expect([syscall, refusal(refused("EPERM", syscall, none))]).toEqual([
        syscall,
        expect.stringContaining(`keeps ${JSON.stringify(folder)} as it is`),
      ]);
    // Root may replace what is others' in a sticky folder.
    const spy = vi.spyOn(process, "geteuid").mockReturnValue(0);
    onTestFinished(() => spy.mockRestore());
    if (process.getuid?.() === 0) for (const path of [folder, file]) await chown(path, OTHER, OTHER);
    expect(refusal(refused("EPERM", "unlink", file))).toContain("lsattr");
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

  it("asks nobody under Deno, which asks its user", async () => {
    const error = refused("EPERM", "unlink", join(await emptyFolder(), "a"));
    const asked = vi.spyOn(process, "geteuid");
    onTestFinished(() => asked.mockRestore());
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(refusal(error)).toBeNull();
    expect(asked).not.toHaveBeenCalled();
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

  it("remembers the ten thousand bases that were seen last", async () => {
    const [first, folder] = [await emptyFolder(), await emptyFolder()];
    asOther();
    const told = () => [first, folder].map((at) => refusal(refused("EPERM", "unlink", join(at, "a"))) !== null);
    expect(told()).toEqual([true, true]);
    for (let count = 0; count < 9_999; count++) answersAtOnce(`/tenants/${count}`, true);
    answersAtOnce(folder, true);
    answersAtOnce("/tenants/9999", true);
    expect(told()).toEqual([false, true]);
  });

  it("asks nothing of a base that may stall, below one that answers at once", async () => {
    const folder = await emptyFolder();
    answersAtOnce(folder, true);
    answersAtOnce(join(folder, "mount"), false);
    asOther();
    const told = (at: string) => refusal(refused("EPERM", "unlink", join(folder, at))) !== null;
    expect([told("a"), told("mount/a")]).toEqual([true, false]);
  });
});
