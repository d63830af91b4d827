import { expect, test } from "vitest";
import { isoMediaType, matroskaType, riffType, zipType } from "../../../src/guard/container.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

test("isoMediaType reads compatible brands within the box only", () => {
  expect(isoMediaType(bytes("\0\0\0\x14ftypisom\0\0\0\0avif"))).toBe("image/avif");
  expect(isoMediaType(bytes("\0\0\0\x10ftypisom\0\0\0\0avif"))).toBe("video/mp4");
  expect(isoMediaType(bytes("\0\0\0\x10free"))).toBeNull();
  expect(isoMediaType(bytes("\0\0\0\0\0\0\0\x14ftypisom\0\0\0\0avif").subarray(4))).toBe("image/avif");
});

test("matroskaType needs a DocType", () => {
  expect(matroskaType(bytes("\x1a\x45\xdf\xa3 other"))).toBeNull();
});

test("riffType and zipType know nothing of other files", () => {
  expect(riffType(bytes("RIFX\0\0\0\0WEBP"))).toBeNull();
  expect(zipType(bytes("PK\x01\x02"))).toBeNull();
});
