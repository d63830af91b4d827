import { describe, expect, it } from "vitest";
import type { ByteRange } from "../../src/backend.ts";
import { parseContentRange, parseRange, rangeHeader, resolveRange } from "../../src/range.ts";

const invalid = expect.objectContaining({ code: "invalid-range" });

describe("parseRange", () => {
  it.each<ByteRange>([{ start: 0 }, { start: 0, end: 0 }, { start: 5, end: 2 ** 53 - 1 }, { suffix: 1 }])(
    "takes %j",
    (range) => {
      expect(parseRange(range)).toEqual(range);
    },
  );

  it.each([
    null,
    "0-1",
    {},
    { start: -1 },
    { start: 0.5 },
    { start: "0" },
    { start: 2, end: 1 },
    { start: 0, end: Number.NaN },
    { start: 0, end: Infinity },
    { suffix: 0 },
    { suffix: -1 },
    { suffix: undefined },
    { start: 0, suffix: 1 },
    { end: 5 },
    { start: 0, length: 10 },
    { start: 0, ends: 9 },
    { suffix: 5, end: 10 },
  ])("refuses %j", (range) => {
    expect(() => parseRange(range as unknown as ByteRange)).toThrow(invalid);
  });
});

describe("resolveRange", () => {
  it.each<[ByteRange, number, { start: number; end: number }]>([
    [{ start: 0 }, 10, { start: 0, end: 9 }],
    [{ start: 3, end: 5 }, 10, { start: 3, end: 5 }],
    [{ start: 9, end: 100 }, 10, { start: 9, end: 9 }],
    [{ suffix: 3 }, 10, { start: 7, end: 9 }],
    [{ suffix: 30 }, 10, { start: 0, end: 9 }],
  ])("%j of %i bytes is %j", (range, size, span) => {
    expect(resolveRange(range, size)).toEqual(span);
  });

  it.each<[ByteRange, number]>([
    [{ start: 10 }, 10],
    [{ start: 0 }, 0],
    [{ suffix: 1 }, 0],
  ])("%j of %i bytes covers none", (range, size) => {
    expect(() => resolveRange(range, size)).toThrow(invalid);
  });
});

it.each<[ByteRange, string]>([
  [{ start: 0 }, "bytes=0-"],
  [{ start: 1, end: 2 }, "bytes=1-2"],
  [{ suffix: 5 }, "bytes=-5"],
])("rangeHeader of %j is %s", (range, header) => {
  expect(rangeHeader(range)).toBe(header);
});

describe("parseContentRange", () => {
  it("reads first byte, last byte and size", () => {
    expect(parseContentRange("bytes 2-9/10")).toEqual({ start: 2, end: 9, size: 10 });
  });

  it.each([
    null,
    "",
    "bytes */10",
    "bytes 0-9/*",
    "bytes 9-2/10",
    "bytes 0-10/10",
    "items 0-1/2",
    "bytes 0-1/2, 3",
    "bytes -1/2",
  ])("gives null for %j", (header) => {
    expect(parseContentRange(header)).toBeNull();
  });
});
