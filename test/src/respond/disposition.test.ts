import { expect, test } from "vitest";
import memory from "../../../drivers/memory.ts";
import s3 from "../../../drivers/s3.ts";
import { contentDisposition, formatDisposition, parseDisposition } from "../../../src/respond/disposition.ts";
import { processorTime } from "../../support/processor.ts";

test.each([
  ["inline", "inline", null],
  ["INLINE; filename=a.png", "inline", "a.png"],
  ['attachment; filename="a b.png"', "attachment", "a b.png"],
  ['attachment; filename="a\\"b.png"', "attachment", 'a"b.png'],
  ["attachment; filename*=UTF-8''%E5%9B%B3.png; filename=x.png", "attachment", "図.png"],
  ["attachment; filename=x.png; filename*=utf-8'en'%C3%BC.png", "attachment", "ü.png"],
  ["attachment; filename=x.png; filename*=UTF-8''%ZZ", "attachment", "x.png"],
  ["attachment; filename=x.png; filename*=ISO-8859-1''%FC", "attachment", "x.png"],
  ["attachment; FileName=x.png; filename=y.png", "attachment", "x.png"],
  ["attachment; filename*=UTF-8''x.png; filename*=UTF-8''y.png", "attachment", "x.png"],
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
  const run = (): void => {
    parseDisposition(`attachment${'; filename="'.repeat(5_000)}`);
    parseDisposition(`attachment;${" ".repeat(20_000)}x`);
  };
  expect(processorTime(run)).toBeLessThan(500);
});

test.each([
  "Übersicht 2026.pdf",
  "図🎉.png",
  'a"; x="b\\c.txt',
  "100%.txt",
  "../../etc/passwd",
  "a\r\nb: c",
  "\ud800.txt",
  "",
])("contentDisposition of %j can be stored, presigned and read back", async (filename) => {
  const value = contentDisposition("attachment", filename);
  const store = memory();
  await store.upload("k", "x", { contentDisposition: value });
  const { headers } = await store.download("k");
  expect(headers.get("content-disposition")).toBe(value);
  const read = parseDisposition(value);
  expect(contentDisposition(read.type, read.filename ?? "")).toBe(value);

  const bucket = s3({ bucket: "bucket", accessKeyId: "a", secretAccessKey: "b", region: "us-east-1" });
  const get = await bucket.presign("k", { contentDisposition: value });
  expect(new URL(get?.url ?? "").searchParams.get("response-content-disposition")).toBe(value);
  const put = await bucket.presign("k", { method: "PUT", contentDisposition: value });
  expect(put?.headers["content-disposition"]).toBe(value);
});

test("contentDisposition writes both forms", () => {
  expect(contentDisposition("attachment", "ü.pdf")).toBe("attachment; filename=\"_.pdf\"; filename*=UTF-8''%C3%BC.pdf");
  expect(contentDisposition("inline", "a.pdf")).toBe('inline; filename="a.pdf"');
});

test.each([
  ["form-data", "a", "disposition"],
  [undefined, "a", "disposition"],
  ["inline", null, "filename"],
])("contentDisposition refuses %j with %j", (type, filename, name) => {
  expect(() => contentDisposition(type as "inline", filename as string)).toThrow(
    expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(name) }),
  );
});
