import { runInNewContext } from "node:vm";
import * as undici from "undici";
import { expect, it } from "vitest";
import { isA, isBlob, isDate, kindOf } from "../../src/kind.ts";

it("kindOf gives the name that an object has", () => {
  expect([{}, new FormData(), new File([], "a"), []].map(kindOf)).toEqual(["Object", "FormData", "File", "Array"]);
});

it("isA knows a class of the platform, its subclasses, and the same of another copy or realm", () => {
  class Own extends Response {
    get [Symbol.toStringTag](): string {
      return "Own";
    }
  }
  for (const response of [new Response(), new Own(), new undici.Response()])
    expect(isA(response, "Response")).toBe(true);
  expect(isA(runInNewContext("new ArrayBuffer(1)"), "ArrayBuffer")).toBe(true);
  for (const other of [new undici.Request("http://h"), {}, "Response", null, undefined])
    expect(isA(other, "Response")).toBe(false);
});

it("isA says no where the runtime has no such class", () => {
  const { File: known } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "File");
    expect(isA({}, "File")).toBe(false);
  } finally {
    globalThis.File = known;
  }
});

it("isBlob is true of Blobs and Files, also of jsdom's", () => {
  expect([new Blob([]), new File([], "a"), { size: 1, [Symbol.toStringTag]: "File" }].map(isBlob)).toEqual([
    true,
    true,
    true,
  ]);
  // One of no length would be read as an empty one.
  expect([new Response(), null, { [Symbol.toStringTag]: "Blob" }].map(isBlob)).toEqual([false, false, false]);
});

it("isDate is true of dates of any realm, and of none that is invalid", () => {
  expect([new Date(), runInNewContext("new Date()")].map(isDate)).toEqual([true, true]);
  expect([new Date(Number.NaN), Date.now(), "2026-01-01", null, {}].map(isDate)).toEqual(Array(5).fill(false));
});
