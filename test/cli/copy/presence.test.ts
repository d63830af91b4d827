import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { End } from "../../../cli/copy/end.ts";
import { presence } from "../../../cli/copy/presence.ts";
import { emptyFolder } from "../../drivers/fs/folder.ts";

it("presence looks at a folder beside a bucket, from the first write on, and tells what it cannot look at", async () => {
  const above = join(await emptyFolder(), "above");
  const folder = join(above, "to");
  const mustStay = presence([{ typed: "s3://bucket" }, { typed: "to", folder }] as End[]);
  await mustStay();
  await mkdir(folder, { recursive: true });
  await mustStay();
  await mustStay();
  await rename(folder, `${folder}-moved`);
  await expect(mustStay()).rejects.toThrow("to: the folder that was here is gone, nothing is where it was");
  await rm(above, { recursive: true });
  await writeFile(above, "");
  await expect(mustStay()).rejects.toThrow("ENOTDIR");
});
