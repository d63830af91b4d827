import { expect, test } from "vitest";
import { acceptor, specificType } from "../../../src/guard/accept.ts";

test("acceptor takes exact types under every name they have, and wildcards", () => {
  const allowed = acceptor(["IMAGE/JPG", "video/*", "application/pdf"]);
  expect(["image/jpeg", "video/mp4", "application/pdf"].map(allowed)).toEqual([true, true, true]);
  expect(["image/png", "videos/mp4", "application/zip"].map(allowed)).toEqual([false, false, false]);
});

test("acceptor allows all without a list and nothing with an empty one", () => {
  expect(acceptor(undefined)("text/html")).toBe(true);
  expect(acceptor([])("image/png")).toBe(false);
});

test("acceptor covers active types by exact name only", () => {
  expect(acceptor(["image/*", "*/*"])("image/svg+xml")).toBe(false);
  expect(acceptor(["image/svg+xml"])("image/svg+xml")).toBe(true);
});

test.each([
  ["image/jpg", "image/jpeg"],
  ["text/XML; charset=x", "application/xml"],
  ["application/octet-stream", null],
  ["", null],
  [undefined, null],
])("specificType reads %j as %j", (type, specific) => {
  expect(specificType(type)).toBe(specific);
});
