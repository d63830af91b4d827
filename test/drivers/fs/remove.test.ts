import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder, folder, K } from "./folder.ts";

describe("remove", () => {
  it("L17: takes record and empty folders along, keeps the root and what others keep", async () => {
    const { base, put, store, files } = await folder();
    await mkdir(join(base, "a/kept"), { recursive: true });
    await put("a/b/c/d", "", { metadata: { x: "y" } });
    await put("x", "");
    await store.delete(K("a/b/c/d"), {});
    await store.delete(K("x"), {});
    expect((await readdir(base, { recursive: true })).filter((path) => !path.startsWith(".unbucket")).sort()).toEqual([
      "a",
      "a/kept",
    ]);
    expect(await files()).toEqual([".unbucket/version"]);
  });

  it("L12: succeeds for what is absent, a folder, below a file, and in a folder that does not exist", async () => {
    const { base, put, store, keys } = await folder();
    await put("dir/file", "");
    for (const key of ["absent", "dir", "dir/", "dir/file/below", "x".repeat(1000)]) await store.delete(K(key), {});
    expect(await keys()).toEqual(["dir/file"]);
    await (await folder({ base: join(base, "missing") })).store.delete(K("k"), {});
  });

  it("L9: leaves links and what they lead to", async () => {
    const { base, store } = await folder();
    const outside = await emptyFolder();
    await writeFile(join(outside, "canary"), "");
    await symlink(outside, join(base, "dir"));
    await symlink(join(outside, "canary"), join(base, "file"));
    for (const key of ["dir/canary", "dir", "file"]) await store.delete(K(key), {});
    expect([await readdir(outside), (await readdir(base)).sort()]).toEqual([["canary"], ["dir", "file"]]);
  });

  it("removes an older file that an interrupted write has left, with the one that counts", async () => {
    const { base, put, store, text } = await folder();
    await put("a", "plain");
    await mkdir(join(base, ".unbucket/keys"), { recursive: true });
    await writeFile(join(base, ".unbucket/keys/a="), "older");
    expect(await text("a")).toBe("plain");
    await store.delete(K("a"), {});
    expect(await text("a")).toBe(null);
  });
});
