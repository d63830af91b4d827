import { execFileSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rootAt } from "../../../drivers/fs/root.ts";
import { readText } from "../../../drivers/fs/text.ts";
import { emptyFolder } from "./folder.ts";

it("readText gives the text of a file, and null of none", async () => {
  const base = await emptyFolder();
  await writeFile(join(base, "a"), "öne");
  expect(await readText(rootAt(base), "a")).toBe("öne");
  expect(await readText(rootAt(base), "b")).toBe(null);
  expect(await readText(rootAt(base), "a/b")).toBe(null);
});

it("readText reads nothing through a link that stands for the file", async () => {
  const [base, other] = [await emptyFolder(), await emptyFolder()];
  await writeFile(join(other, "secret"), "secret");
  await symlink(join(other, "secret"), join(base, "a"));
  expect(await readText(rootAt(base), "a").catch(() => "refused")).not.toBe("secret");
});

it("readText does not wait for what a pipe says", async () => {
  const base = await emptyFolder();
  execFileSync("mkfifo", [join(base, "a")]);
  expect(await readText(rootAt(base), "a")).toBe(null);
});
