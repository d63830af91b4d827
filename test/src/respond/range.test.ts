import { expect, test } from "vitest";
import { parseRange } from "../../../src/respond/range.ts";
import { processorTime } from "../../support/processor.ts";

test.each([
  ["bytes=0-", { start: 0 }],
  ["bytes=0-0", { start: 0, end: 0 }],
  ["bytes=5-9", { start: 5, end: 9 }],
  ["BYTES=5-9", { start: 5, end: 9 }],
  ["bytes= 5-9 ", { start: 5, end: 9 }],
  ["bytes=-7", { suffix: 7 }],
  ["bytes=1-99999999999999999999", { start: 1 }],
  ["bytes=-99999999999999999999", { suffix: Number.MAX_SAFE_INTEGER }],
  ["bytes=-0", "none"],
  ["bytes=99999999999999999999-", "none"],
] as const)("parseRange reads %j", (header, range) => {
  expect(parseRange(header)).toEqual(range);
});

test.each([
  null,
  "",
  "bytes",
  "bytes=",
  "bytes=-",
  "bytes=a-b",
  "bytes=5-1",
  "bytes=0-1,5-6",
  "bytes=0-1,",
  "items=0-1",
  "bytes=0x1-2",
  "bytes=1-2-3",
  "bytes=--1",
  "bytes=1.5-2",
  "bytes=+1-2",
])("parseRange ignores %j", (header) => {
  expect(parseRange(header)).toBeNull();
});

/** The best of five runs in milliseconds: a compiler that is at work slows some, a wrong algorithm all of them. */
function quickest(run: () => void): number {
  return Math.min(...Array.from({ length: 5 }, () => processorTime(run)));
}

test("parseRange ignores 10,000 ranges without looking at each", () => {
  const header = `bytes=${Array.from({ length: 10_000 }, (_, index) => `${index}-`).join(",")}`;
  expect(parseRange(header)).toBeNull();
  expect(quickest(() => parseRange(header))).toBeLessThan(5);
});

test("parseRange takes a long run of digits or spaces in linear time", () => {
  const run = (): void => {
    parseRange(`bytes=${"9".repeat(200_000)}-x`);
    parseRange(`bytes=${" ".repeat(200_000)}x`);
    parseRange(`bytes=1-2${" ".repeat(200_000)}x`);
  };
  expect(quickest(run)).toBeLessThan(100);
});
