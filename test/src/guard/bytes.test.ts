import { expect, test } from "vitest";
import { at, includes, latin1 } from "../../../src/guard/bytes.ts";

const head = Uint8Array.from([0x41, 0x41, 0x42, 0xff]);

test("at compares at an offset and never past the end", () => {
  expect(at(head, 1, "AB\xff")).toBe(true);
  expect(at(head, 2, "B\xff\0")).toBe(false);
  expect(at(head, 0, "B")).toBe(false);
});

test("includes finds text after a false start", () => {
  expect(includes(head, "AB")).toBe(true);
  expect(includes(head, "BA")).toBe(false);
});

test("latin1 gives one character a byte", () => {
  expect(latin1(head, 2, 9)).toBe("B\xff");
});
