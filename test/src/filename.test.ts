import { expect, test } from "vitest";
import { cleanFilename } from "../../src/filename.ts";
import { processorTime } from "../support/processor.ts";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

test.each([
  ["photo.jpg", "photo.jpg"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\me\\cv.docx", "cv.docx"],
  ["C:cv.docx", "C_cv.docx"],
  ["a/b\\c.txt", "c.txt"],
  ["..", "file"],
  ["", "file"],
  ["/", "file"],
  [". . .", "file"],
  ["\0\r\n", "file"],
  [".htaccess", "htaccess"],
  ["...env", "env"],
  ["a.txt. . ", "a.txt"],
  ["  a b.txt ", "a b.txt"],
  ["a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"],
  ["invoice\u202egpj.exe", "invoicegpj.exe"],
  ["\u2066a\u2069\u200e.txt", "a.txt"],
  ["\ufeffa\u200b.txt", "a.txt"],
  ["a\ud800b.txt", "ab.txt"],
  ['a<b>:"|?*.txt', "a_b______.txt"],
  ["CON", "_CON"],
  ["con.txt", "_con.txt"],
  ["nul .tar.gz", "_nul .tar.gz"],
  ["Lpt1.log", "_Lpt1.log"],
  ["com¹", "_com¹"],
  ["console.log", "console.log"],
  ["com10.txt", "com10.txt"],
  ["図🎉 é.png", "図🎉 é.png"],
  ["👩‍💻.png", "👩‍💻.png"],
])("cleanFilename makes %j safe: %j", (name, clean) => {
  expect(cleanFilename(name)).toBe(clean);
});

test.each([
  `${"a".repeat(300)}.jpeg`,
  `${"é".repeat(200)}.jpeg`,
  `${"🎉".repeat(100)}.jpeg`,
  `${"x".repeat(254)}🎉.jpeg`,
])("cleanFilename keeps the extension within 255 bytes", (name) => {
  const clean = cleanFilename(name);
  expect(bytes(clean)).toBeLessThanOrEqual(255);
  expect(bytes(clean)).toBeGreaterThan(250);
  expect(clean.endsWith(".jpeg")).toBe(true);
  expect(clean).not.toMatch(/\p{Surrogate}/u);
});

test("cleanFilename cuts a name whose extension is no extension", () => {
  expect(bytes(cleanFilename(`a.${"b".repeat(400)}`))).toBe(255);
});

test("cleanFilename is idempotent and takes a hostile name in linear time", () => {
  for (const name of [
    `x${". ".repeat(200_000)}x`,
    `${".".repeat(400_000)}`,
    "a/".repeat(200_000),
    " ".repeat(400_000) + "a",
  ]) {
    expect(processorTime(() => cleanFilename(name))).toBeLessThan(500);
    const clean = cleanFilename(name);
    expect(cleanFilename(clean)).toBe(clean);
  }
});
