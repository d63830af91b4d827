import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { sweep } from "../../../drivers/fs/sweep.ts";
import { emptyFolder, filesBelow, folder } from "./folder.ts";

it("sweep deletes temporary files older than a day and nothing else, at the first write", async () => {
  const base = await emptyFolder();
  await mkdir(join(base, ".unbucket/tmp"), { recursive: true });
  const old = (Date.now() - 25 * 3600 * 1000) / 1000;
  for (const name of [".unbucket/tmp/old", ".unbucket/tmp/new", "object"]) await writeFile(join(base, name), "");
  for (const name of [".unbucket/tmp/old", "object"]) await utimes(join(base, name), old, old);
  const { put, text } = await folder({ base });
  expect(await text("object")).toBe("");
  expect(await filesBelow(base)).toContain(".unbucket/tmp/old");
  await put("k", "");
  await expect.poll(() => filesBelow(base)).not.toContain(".unbucket/tmp/old");
  expect(await filesBelow(base)).toEqual(expect.arrayContaining([".unbucket/tmp/new", "object", "k"]));
  expect(await sweep(rootAt(join(base, "missing")))).toBe(0);
});
