import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  fold,
  inOtherCase,
  inOtherForm,
  isComposed,
  isFolded,
  isSpelledSo,
  spellings,
} from "../../../drivers/fs/spelling.ts";
import { emptyFolder } from "./folder.ts";

it.each([
  ["Photo.JPG", "photo.jpg"],
  ["\u00c9", "e\u0301"],
  ["stra\u00dfe", "STRASSE"],
  ["\u212a", "k"],
  ["\u03a3", "\u03c2"],
  ["\u017f", "S"],
])("L14: fold takes %j for %j", (a, b) => {
  expect(fold(a)).toBe(fold(b));
});

it.each([
  ["a", "b"],
  ["a", "\u00e1"],
  ["a ", "a"],
])("fold keeps %j and %j apart", (a, b) => {
  expect(fold(a)).not.toBe(fold(b));
});

/** Paths as a system answers that folds case, where all files have small letters. */
async function folding(): Promise<(relative: string) => string> {
  const base = await emptyFolder();
  await mkdir(join(base, "d"));
  await writeFile(join(base, "d/file"), "");
  await writeFile(join(base, "d/12"), "");
  return (relative) => join(base, relative.toLowerCase());
}

it("L14: isFolded tells by a file's own name in another case, and nothing by one without letters or that is gone", async () => {
  const path = await folding();
  expect(await isFolded(path, "d/file", inOtherCase)).toBe(true);
  expect(await isFolded(path, "D/FILE", inOtherCase)).toBe(true);
  expect(await isFolded(path, "d/12", inOtherCase)).toBeUndefined();
  expect(await isFolded(path, "d/none", inOtherCase)).toBeUndefined();
});

it("isFolded is false where case counts, also when both names are there", async () => {
  const base = await emptyFolder();
  const path = (relative: string): string => join(base, relative);
  await writeFile(path("a"), "");
  expect(await isFolded(path, "a", inOtherCase)).toBe(false);
  await writeFile(path("A"), "");
  expect(await isFolded(path, "a", inOtherCase)).toBe(false);
});

it("isFolded tells by the form of accents where case counts", async () => {
  const base = await emptyFolder();
  const path = (relative: string): string => join(base, relative.normalize("NFC"));
  await writeFile(path("\u00e9"), "");
  await writeFile(path("e"), "");
  expect(await isFolded(path, "\u00e9", inOtherForm)).toBe(true);
  expect(await isFolded(path, "e\u0301", inOtherForm)).toBe(true);
  expect(await isFolded(path, "e", inOtherForm)).toBeUndefined();
  expect(await isFolded((relative) => join(base, relative), "\u00e9", inOtherForm)).toBe(false);
});

it("isComposed tells by any name on the way that has accents, the last first", async () => {
  const base = await emptyFolder();
  await mkdir(join(base, "\u00e9/d"), { recursive: true });
  await writeFile(join(base, "\u00e9/d/a.txt"), "");
  const composing = (relative: string): string => join(base, relative.normalize("NFC"));
  expect(await isComposed(composing, "\u00e9/d/a.txt")).toBe(true);
  expect(await isComposed(composing, "e\u0301/d/a.txt")).toBe(true);
  expect(await isComposed(composing, "d/a.txt")).toBeUndefined();
  expect(await isComposed((relative) => join(base, relative), "\u00e9/d/a.txt")).toBe(false);
});

it("L14: spellings tells another spelling where the system folds, and looks at no name again where it does not", async () => {
  const folds = spellings(await folding());
  expect([await folds("d/12"), await folds("d/file"), await folds("d/File")]).toEqual([true, true, false]);
  const base = await emptyFolder();
  await writeFile(join(base, "a"), "");
  let looks = 0;
  const keeps = spellings((relative) => {
    looks++;
    return join(base, relative);
  });
  expect(await keeps("a")).toBe(true);
  const before = looks;
  expect([await keeps("a"), looks]).toEqual([true, before]);
});

it.each([
  ["d/file", true],
  ["d", true],
  ["d/File", false],
  ["D/file", false],
  ["d/none", false],
])("L14: isSpelledSo says of %j: %s", async (relative, isSo) => {
  expect(await isSpelledSo(await folding(), relative)).toBe(isSo);
});
