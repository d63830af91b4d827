import { describe, expect, it } from "vitest";
import { combiner, type Polynomial, tablesOf } from "../../../src/checksum/polynomial.ts";

const crc32: Polynomial = { width: 32, reflected: 0xedb88320n };
const nvme: Polynomial = { width: 64, reflected: 0x9a6c9329ac4bc9b5n };

describe("tablesOf", () => {
  it("begins with the table that everybody knows", () => {
    const unsigned = Array.from(tablesOf(crc32).subarray(0, 4), (word) => (word >>> 0).toString(16));
    expect(unsigned).toEqual(["0", "77073096", "ee0e612c", "990951ba"]);
  });

  it("has eight tables, of 64 bits in two words", () => {
    expect([tablesOf(crc32).length, tablesOf(nvme).length]).toEqual([2048, 4096]);
  });
});

describe("combiner", () => {
  it.each([crc32, nvme])("a piece of no bytes changes nothing ($width bits)", (polynomial) => {
    expect(combiner(polynomial)(0x1234n, 0n, 0)).toBe(0x1234n);
    expect(combiner(polynomial)(0n, 0x1234n, 0)).toBe(0x1234n);
  });

  it.each([crc32, nvme])("is associative, at lengths beyond 32 bits too ($width bits)", (polynomial) => {
    const join = combiner(polynomial);
    const [a, b, c] = [0x9e3779b9n, 0x7f4a7c15n, 0xf39cc060n];
    for (const [second, third] of [
      [1, 2],
      [8 * 2 ** 20, 8 * 2 ** 20],
      [5 * 2 ** 30, 2 ** 33 + 1],
      [2 ** 45, 2 ** 44 + 12345],
    ] as const) {
      expect(join(join(a, b, second), c, third)).toBe(join(a, join(b, c, third), second + third));
    }
  });
});
