import { expect, test } from "vitest";
import { isText, markupType } from "../../../src/guard/text.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test.each([
  ["<svg:svg xmlns:svg='x'>", "image/svg+xml"],
  ["<SVG>", "image/svg+xml"],
  ["<!DOCTYPE x><svg>[", "image/svg+xml"],
  ["<svgx>", null],
  ["<!-- only a comment -->", null],
  ["<bold>", null],
  ["<b>", "text/html"],
  ["<?xml version='1.0'?><html>", "text/html"],
  ["<?x a='>'?><html>", "text/html"],
  ["<!-- x --><other>", "text/html"],
  ["<!-- a comment that does not end here", "text/html"],
  ["<?xml a declaration that does not end here", "application/xml"],
  ["1 < 2", null],
])("markupType reads %j as %s", (text, type) => {
  expect(markupType(encode(text))).toBe(type);
});

test("isText is false of control bytes alone", () => {
  expect(isText(encode("tab\t line\r\n ünï \x1b[0m"))).toBe(true);
  expect(isText(encode("nul\0"))).toBe(false);
  expect(isText(encode("\x01"))).toBe(false);
});
