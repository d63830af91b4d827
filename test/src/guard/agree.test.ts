import { expect, test } from "vitest";
import { agrees, isVerifiable } from "../../../src/guard/agree.ts";

const none = new Uint8Array(0);

test.each([
  ["image/png", "image/png", true],
  ["image/png", "image/jpeg", false],
  ["image/png", null, false],
  ["image/apng", "image/png", true],
  ["audio/mp4", "video/mp4", true],
  ["application/epub+zip", "application/zip", true],
  ["application/zip", "application/epub+zip", true],
  ["application/java-archive", "application/vnd.android.package-archive", true],
  ["application/x-own", null, true],
  ["application/x-own", "image/png", true],
  ["application/x-own", "application/x-elf", false],
  ["application/x-executable", "application/x-elf", true],
  ["application/x-msdos-program", "application/vnd.microsoft.portable-executable", true],
  ["application/ogg", "audio/ogg", true],
  ["application/ogg", "image/png", false],
  ["video/x-own", "video/mp4", true],
  ["video/x-own", "text/html", false],
] as const)("agrees: %s that shows %s is %s", (declared, detected, expected) => {
  expect(agrees(declared, detected, none)).toBe(expected);
});

test.each([
  ["image/png", "image/png", "image/gif"],
  ["video/mp4", "video/mp4", "image/gif"],
  ["application/epub+zip", "application/zip", "image/gif"],
  ["text/csv", null, "image/gif"],
])("isVerifiable: %s, since agrees refuses one that shows something else", (type, own, other) => {
  const bytes = new Uint8Array([0]);
  expect([isVerifiable(type), agrees(type, own, none), agrees(type, other, bytes)]).toEqual([true, true, false]);
});

test.each(["image/x-evil", "video/x-own", "application/x-own", "constructor"])("isVerifiable: not %s", (type) => {
  expect(isVerifiable(type)).toBe(false);
});
