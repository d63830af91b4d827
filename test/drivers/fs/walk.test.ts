import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { seekFrom } from "../../../drivers/fs/seek.ts";
import { walk } from "../../../drivers/fs/walk.ts";
import { emptyFolder } from "./folder.ts";

it("walk merges both trees, takes the file that counts, and enters no folder that has fallen behind", async () => {
  const root = rootAt(await emptyFolder());
  for (const folder of [".unbucket/keys", "a/deep", "b", "skipped"])
    await mkdir(join(root.base, folder), { recursive: true });
  const files = ["a/1", "a/2", "a/deep/3", "b/4", "x:y", "c", "skipped/5"];
  for (const path of [...files, ".unbucket/keys/a%2f%2f=", ".unbucket/keys/c=", ".unbucket/keys/x%3ay="])
    await writeFile(join(root.base, path), "");
  await root.exists();
  const seek = seekFrom();
  const seen: string[] = [];
  for await (const { key, candidate } of walk({
    root,
    prefix: "",
    ignore: (path) => path.startsWith("skipped"),
    seek,
  })) {
    seen.push(`${key} ${candidate.tree}`);
    // A file that appears behind the position, in a folder that is not read yet.
    if (key === "a/1") {
      seek.move({ after: "a/", within: true });
      await writeFile(join(root.base, "a/deep/late"), "");
    }
  }
  expect(seen).toEqual(["a// keys", "a/1 plain", "b/4 plain", "c plain", "x:y keys"]);
});
