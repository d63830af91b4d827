import { expect, test } from "vitest";
import type { ObjectInfo } from "../../../src/interface.ts";
import { isShowable, objectHeaders, validatorHeaders } from "../../../src/respond/headers.ts";

const info: ObjectInfo = {
  key: "a/",
  size: 1,
  etag: '"e"',
  contentType: "image/png",
  metadata: {},
  url: null,
  location: "",
};

test("objectHeaders leaves out stored values that no header can hold", () => {
  const headers = objectHeaders(
    { ...info, contentLanguage: "図", contentEncoding: "a\r\nb: c", cacheControl: "x\0" },
    {},
  );
  expect(["content-language", "content-encoding", "cache-control", "b"].map((name) => headers.has(name))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test("objectHeaders names nothing for a key that ends in a slash", () => {
  expect(objectHeaders(info, {}).get("content-disposition")).toBe("inline");
});

test("validatorHeaders says nothing about content", () => {
  expect(Object.fromEntries(validatorHeaders(info, {}))).toEqual({ etag: '"e"', "cache-control": "private, no-cache" });
});

test("isShowable is true of what a browser shows without running anything, whatever its case and parameters", () => {
  const types = [
    "image/png",
    "TEXT/PLAIN; charset=utf-8",
    "text/html",
    "image/svg+xml",
    "application/pdf",
    "png",
    undefined,
  ];
  expect(types.map(isShowable)).toEqual([true, true, false, false, false, false, false]);
});
