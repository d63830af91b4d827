import { execFileSync } from "node:child_process";
import type * as FsPromises from "node:fs/promises";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

describe("checkVersion", () => {
  it.each(["version", ""])("L9: says nothing of a file that a link in place of .unbucket/%s leads to", async (name) => {
    const [base, outside] = [await emptyFolder(), await emptyFolder()];
    await writeFile(join(outside, "version"), "secret");
    if (name !== "") await mkdir(join(base, ".unbucket"));
    await symlink(join(outside, name), join(base, ".unbucket", name));
    expect(await rootAt(base).exists()).toBe(true);
  });

  it("does not wait for what a pipe in place of the version says", async () => {
    const base = await emptyFolder();
    await mkdir(join(base, ".unbucket"));
    execFileSync("mkfifo", [join(base, ".unbucket/version")]);
    expect(await rootAt(base).exists()).toBe(true);
  });
});

describe("writeVersion", () => {
  it("marks a folder where files cannot be flushed, as those of Yarn's PnP, which throw at once", async () => {
    vi.doMock("node:fs/promises", async (original) => {
      const fs = await original<typeof FsPromises>();
      const open: typeof fs.open = async (...given) => {
        const handle = await fs.open(...given);
        handle.sync = () => {
          throw new Error("Method not implemented.");
        };
        return handle;
      };
      return { ...fs, open };
    });
    vi.resetModules();
    onTestFinished(() => {
      vi.doUnmock("node:fs/promises");
      vi.resetModules();
    });
    const { rootAt } = await import("../../../drivers/fs/root.ts");
    const root = rootAt(await emptyFolder());
    await root.temp();
    expect(await readFile(join(root.base, ".unbucket/version"), "utf8")).toBe("1\n");
  });
});
