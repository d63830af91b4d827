import type { Stats } from "node:fs";
import { lstat, readFile, readlink, stat, symlink as symlinkOf, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { call, rename, symlink, turn, unlink, utimes } from "../../../drivers/fs/calls.ts";
import { emptyFolder } from "./folder.ts";

it.each([false, "memory"] as const)(
  "each call does what it is named after, and rejects with the system's own error (local: %s)",
  async (local) => {
    const base = await emptyFolder();
    const [a, b, l] = ["a", "b", "l"].map((name) => join(base, name)) as [string, string, string];
    await writeFile(a, "1");
    await writeFile(b, "2");
    await utimes(a, 1234.5, local);
    expect((await lstat(a)).mtimeMs).toBe(1_234_500);
    await utimes(b, new Date(5000), local);
    expect((await lstat(b)).mtimeMs).toBe(5000);
    await rename(a, b, local);
    expect(await readFile(b, "utf8")).toBe("1");
    await symlink("text", l, local);
    expect(await readlink(l)).toBe("text");
    await expect(symlink("other", l, local)).rejects.toMatchObject({ code: "EEXIST" });
    await unlink(l, local);
    for (const call of [() => unlink(l, local), () => rename(a, l, local), () => utimes(a, 1, local)])
      await expect(call()).rejects.toMatchObject({ code: "ENOENT" });
    // A link is not followed by what removes it.
    await symlinkOf(b, l);
    await unlink(l, local);
    expect(await readFile(b, "utf8")).toBe("1");
  },
);

it.each([false, true])("call resolves with the value and rejects with the error (at once: %s)", async (atOnce) => {
  const base = await emptyFolder();
  expect(await call<Stats>(atOnce, "stat", base)).toMatchObject({ ino: (await stat(base)).ino });
  await expect(call(atOnce, "stat", join(base, "none"))).rejects.toMatchObject({ code: "ENOENT" });
});

it("turn waits for no clock that a test has replaced, and needs none that jsdom lacks", async () => {
  vi.stubGlobal("setImmediate", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  await turn("memory");
});
