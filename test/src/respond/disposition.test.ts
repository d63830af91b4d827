import { expect, test } from "vitest";
import { formatDisposition, parseDisposition } from "../../../src/respond/disposition.ts";

test.each([
  ["inline", "inline", null],
  ["INLINE; filename=a.png", "inline", "a.png"],
  ['attachment; filename="a b.png"', "attachment", "a b.png"],
  ['attachment; filename="a\\"b.png"', "attachment", 'a"b.png'],
  ["attachment; filename*=UTF-8''%E5%9B%B3.png; filename=x.png", "attachment", "図.png"],
  ["attachment; filename=x.png; filename*=utf-8'en'%C3%BC.png", "attachment", "ü.png"],
  ["attachment; filename=x.png; filename*=UTF-8''%ZZ", "attachment", "x.png"],
  ["attachment; filename=x.png; filename*=ISO-8859-1''%FC", "attachment", "x.png"],
  ["form-data; name=x", "attachment", null],
  ["inlinex", "attachment", null],
  ["", "attachment", null],
])("parseDisposition reads %j", (value, type, filename) => {
  expect(parseDisposition(value)).toEqual({ type, filename });
});

test.each([
  ["a.png", 'inline; filename="a.png"'],
  ["a b.png", 'inline; filename="a b.png"'],
  ["ü.png", "inline; filename=\"_.png\"; filename*=UTF-8''%C3%BC.png"],
  ["図🎉.png", "inline; filename=\"__.png\"; filename*=UTF-8''%E5%9B%B3%F0%9F%8E%89.png"],
  ["100%.png", "inline; filename=\"100_.png\"; filename*=UTF-8''100%25.png"],
  ["it's (1)*.png", `inline; filename="it's (1)_.png"`],
  ["é'(.png", "inline; filename=\"_'(.png\"; filename*=UTF-8''%C3%A9%27%28.png"],
  ['a".png', 'inline; filename="a_.png"'],
  ['x"; evil="1', 'inline; filename="x_; evil=_1"'],
  ["a\r\nSet-Cookie: x=1.png", 'inline; filename="aSet-Cookie_ x=1.png"'],
  ["../../etc/passwd", 'inline; filename="passwd"'],
  ["a\u202egnp.exe", 'inline; filename="agnp.exe"'],
  ["a\ud800.png", 'inline; filename="a.png"'],
])("formatDisposition writes %j safely", (filename, value) => {
  const written = formatDisposition({ type: "inline", filename });
  expect(written).toBe(value);
  expect(() => new Headers({ "content-disposition": written })).not.toThrow();
});

test("formatDisposition without a name is the type alone", () => {
  expect(formatDisposition({ type: "attachment", filename: null })).toBe("attachment");
});

test("parseDisposition reads what formatDisposition writes", () => {
  for (const filename of ["a.png", "図🎉.png", "100%.png", "a;b=c.png", "it's.png"]) {
    expect(parseDisposition(formatDisposition({ type: "attachment", filename }))).toEqual({
      type: "attachment",
      filename,
    });
  }
});

test("parseDisposition takes a hostile value in linear time", () => {
  const started = performance.now();
  parseDisposition(`attachment${'; filename="'.repeat(5_000)}`);
  parseDisposition(`attachment;${" ".repeat(20_000)}x`);
  expect(performance.now() - started).toBeLessThan(500);
});
