import { execFileSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readText } from "../../../drivers/fs/text.ts";
import { emptyFolder } from "./folder.ts";

it("readText gives the text of a file, and null of none", async () => {
  const base = await emptyFolder();
  await writeFile(join(base, "a"), "öne");
  expect(await readText(join(base, "a"), false)).toBe("öne");
  expect(await readText(join(base, "a"), false, { most: 3 })).toBe("ön");
  expect(await readText(join(base, "b"), false)).toBe(null);
  expect(await readText(join(base, "a/b"), false)).toBe(null);
});

it("readText reads nothing through a link that stands for the file", async () => {
  const [base, other] = [await emptyFolder(), await emptyFolder()];
  await writeFile(join(other, "secret"), "secret");
  await symlink(join(other, "secret"), join(base, "a"));
  expect(await readText(join(base, "a"), false).catch(() => "refused")).not.toBe("secret");
});

it("readText does not wait for what a pipe says", async () => {
  const base = await emptyFolder();
  execFileSync("mkfifo", [join(base, "a")]);
  expect(await readText(join(base, "a"), false)).toBe(null);
});
