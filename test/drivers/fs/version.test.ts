import { execFileSync } from "node:child_process";
import type * as FsPromises from "node:fs/promises";
import { chmod, mkdir, readFile, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

/** Alters each file that modules which are imported from now on open, until the test has ended. */
function opening(alter: (handle: FsPromises.FileHandle, path: Parameters<typeof FsPromises.open>[0]) => void): void {
  vi.doMock("node:fs/promises", async (original) => {
    const fs = await original<typeof FsPromises>();
    const open: typeof fs.open = async (path, ...given) => {
      const handle = await fs.open(path, ...given);
      alter(handle, path);
      return handle;
    };
    return { ...fs, open };
  });
  vi.resetModules();
  onTestFinished(() => {
    vi.doUnmock("node:fs/promises");
    vi.resetModules();
  });
}

describe("checkLayout", () => {
  it.each(["version", ""])("L9: says nothing of a file that a link in place of .unbucket/%s leads to", async (name) => {
    const [base, outside] = [await emptyFolder(), await emptyFolder()];
    await writeFile(join(outside, "version"), "secret");
    if (name !== "") await mkdir(join(base, ".unbucket"));
    await symlink(join(outside, name), join(base, ".unbucket", name));
    expect(await rootAt(base).exists()).toBe(true);
  });

  it.each(["", "\0\0", "1\n", "1"])("takes a folder whose version reads %j", async (text) => {
    const base = await emptyFolder();
    await mkdir(join(base, ".unbucket"));
    await writeFile(join(base, ".unbucket/version"), text);
    expect(await rootAt(base).exists()).toBe(true);
  });

  it("does not wait for what a pipe in place of the version says", async () => {
    const base = await emptyFolder();
    await mkdir(join(base, ".unbucket"));
    execFileSync("mkfifo", [join(base, ".unbucket/version")]);
    expect(await rootAt(base).exists()).toBe(true);
  });
});

describe("markLayout", () => {
  it("marks a folder where files cannot be flushed, as those of Yarn's PnP, which throw at once", async () => {
    opening((handle) => {
      handle.sync = () => {
        throw new Error("Method not implemented.");
      };
    });
    const { rootAt } = await import("../../../drivers/fs/root.ts");
    const root = rootAt(await emptyFolder());
    await root.temp();
    expect(await readFile(join(root.base, ".unbucket/version"), "utf8")).toBe("1\n");
  });

  it("L9: sets the bits of no file to which a link leads that has taken its place", async () => {
    const [base, secret] = [await emptyFolder(), join(await emptyFolder(), "secret")];
    await writeFile(secret, "secret");
    await chmod(secret, 0o600);
    opening((handle, path) => {
      const { writeFile: write } = handle;
      handle.writeFile = async (...text) => {
        await write.apply(handle, text);
        await unlink(path);
        await symlink(secret, path);
      };
    });
    const { markLayout } = await import("../../../drivers/fs/version.ts");
    const { hold } = await import("../../../drivers/fs/claim.ts");
    await mkdir(join(base, ".unbucket"));
    const root = { path: (name: string) => join(base, name), isLocal: () => false };
    await markLayout(root, undefined);
    const held = await hold(join(base, "x.claim"));
    await held.end();
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
  });
});
