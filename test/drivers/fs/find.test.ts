import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findAll, firstOf } from "../../../drivers/fs/find.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

describe("findAll", () => {
  it("gives every file of a key, the one that counts first", async () => {
    const root = rootAt(await emptyFolder());
    await mkdir(join(root.base, ".unbucket/keys"), { recursive: true });
    for (const path of ["a", "x:y", ".unbucket/keys/a=", ".unbucket/keys/x%3ay="])
      await writeFile(join(root.base, path), path);
    await root.exists();
    expect((await findAll(root, "a")).map((found) => found.candidate.path)).toEqual(["a", ".unbucket/keys/a="]);
    expect((await findAll(root, "x:y")).map((found) => found.candidate.path)).toEqual([".unbucket/keys/x%3ay=", "x:y"]);
    expect(await findAll(root, "b")).toEqual([]);
  });
});

describe("firstOf", () => {
  it("finds a key that moves to an earlier candidate between two looks", async () => {
    const root = rootAt(await emptyFolder());
    const looks: string[] = [];
    const found = await firstOf(root, "a/b", async ({ tree }) => {
      looks.push(tree);
      return tree === "plain" && looks.length > 2 ? "moved" : null;
    });
    expect([found, looks]).toEqual(["moved", ["plain", "keys", "plain"]]);
  });
});
