import { describe, expect, it } from "vitest";
import { base64, isLonger, toUtf8 } from "../../src/utf8.ts";

describe("text as bytes", () => {
  it("is UTF-8", () => {
    expect([...toUtf8("a\u20ac\u{1f389}")]).toEqual([0x61, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x8e, 0x89]);
    expect([...toUtf8("")]).toEqual([]);
  });

  it.each([
    ["", 0, false],
    ["a".repeat(9), 9, false],
    ["a".repeat(10), 9, true],
    ["\u20ac".repeat(3), 9, false],
    [`${"\u20ac".repeat(3)}a`, 9, true],
    ["\u{1f389}".repeat(2), 8, false],
    ["\u{1f389}".repeat(2), 7, true],
  ])("%j is longer than %i: %s", (text, most, longer) => {
    expect(isLonger(text, most)).toBe(longer);
  });

  it("is base64 with its padding", () => {
    expect(["", "f", "fo", "foo"].map((text) => base64(toUtf8(text)))).toEqual(["", "Zg==", "Zm8=", "Zm9v"]);
    expect(base64(Uint8Array.of(0, 127, 128, 255))).toBe("AH+A/w==");
  });
});
