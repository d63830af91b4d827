import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { claim } from "../../../drivers/fs/claim.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

it("claim runs one at a time per key, takes over what a crash left, and leaves nothing", async () => {
  const base = await emptyFolder();
  const tmp = join(base, ".unbucket/tmp");
  await mkdir(tmp, { recursive: true });
  const left = join(tmp, `${createHash("sha256").update("k").digest("hex").slice(0, 32)}.claim`);
  await writeFile(left, "");
  await utimes(left, 1, 1);
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise(setImmediate);
    inside--;
  };
  await Promise.all(Array.from({ length: 10 }, () => claim(rootAt(base), "k", work)));
  expect([most, await readdir(tmp)]).toEqual([1, []]);
});
