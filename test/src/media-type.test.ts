import { expect, test } from "vitest";
import { essenceOf, isActive } from "../../src/media-type.ts";
import { processorTime } from "../support/processor.ts";

test.each([
  ["text/html", "text/html"],
  ["IMAGE/PNG", "image/png"],
  [" text/plain ;charset=utf-8", "text/plain"],
  ['text/plain; charset="utf-8"; format=flowed', "text/plain"],
  ["text/plain;", "text/plain"],
  ['image/png; a="b,c;d\\"e"', "image/png"],
  ["application/vnd.api+json", "application/vnd.api+json"],
])("essenceOf reads %j", (value, essence) => {
  expect(essenceOf(value)).toBe(essence);
});

test.each([
  "",
  "png",
  "image/",
  "/png",
  "image/png, text/html",
  "text/html,image/png",
  "image/png; x,text/html",
  "image/png;charset=a b",
  "image/png\r\nx: y",
  "image/png\0",
  "IMAGE/SVG+XML; x",
  "image / png",
  "image/png text/html",
])("essenceOf refuses %j", (value) => {
  expect(essenceOf(value)).toBeNull();
});

test("essenceOf takes a hostile value in linear time", () => {
  const run = (): void => {
    essenceOf(`a/b${"; ".repeat(50_000)}"`);
    essenceOf(`a/b; c="${"\\a".repeat(50_000)}`);
  };
  expect(processorTime(run)).toBeLessThan(500);
});

test.each([
  "text/html",
  "image/svg+xml",
  "application/xml",
  "text/xml",
  "application/xhtml+xml",
  "application/rss+xml",
  "application/pdf",
  "text/javascript",
  "application/javascript",
  "application/x-ecmascript",
  "text/javascript1.5",
  "text/jscript",
  "text/livescript",
  "text/x-ecmascript",
  "text/vbscript",
  "text/xsl",
  "multipart/related",
  "message/rfc822",
  "application/mathml+xml",
])("isActive is true of %s", (type) => {
  expect(isActive(type)).toBe(true);
});

test.each(["text/plain", "image/png", "video/mp4", "application/zip", "application/json", "text/csv"])(
  "isActive is false of %s",
  (type) => {
    expect(isActive(type)).toBe(false);
  },
);
