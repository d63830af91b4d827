import { describe, expect, it } from "vitest";
import { toEtag, toInfo, toRequestHeaders } from "../../../drivers/s3/headers.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";

function answered(headers: Readonly<Record<string, string>>): WireResponse {
  return {
    status: 200,
    header: (name) => headers[name] ?? null,
    names: () => Object.keys(headers),
    pieces: () => ({ next: async () => null, cancel: () => {} }),
    bytes: async () => null,
    discard: async () => {},
    raw: true,
  };
}

const info = (headers: Readonly<Record<string, string>>): ReturnType<typeof toInfo> =>
  toInfo("k", answered(headers), 5);

describe("toRequestHeaders and toInfo", () => {
  it.each([
    "plain",
    "naïve",
    "漢字 😀",
    "a  b",
    "=?UTF-8?B?eA==?=",
    "=?",
    "x".repeat(2000),
    "é".repeat(900),
    'a, b; c="d"',
    "",
  ])("metadata %j goes as ASCII and comes back as it was", (value) => {
    const sent = toRequestHeaders({ metadata: { note: value } });
    expect(sent["x-amz-meta-note"]).toMatch(/^[\x20-\x7e]*$/);
    expect({ ...info(sent as Record<string, string>).metadata }).toEqual({ note: value });
  });

  it("the other headers go as they are", () => {
    const given = {
      contentType: "a/b",
      contentEncoding: "gzip",
      contentLanguage: "de",
      contentDisposition: 'attachment; filename="x"',
      cacheControl: "no-store",
    };
    const sent = toRequestHeaders(given) as Record<string, string>;
    expect(sent["content-disposition"]).toBe('attachment; filename="x"');
    expect(info(sent)).toMatchObject(given);
  });
});

describe("toInfo", () => {
  it.each([
    ["=?UTF-8?Q?na=C3=AFve_x?=", "naïve x"],
    ["=?utf-8?b?w6k=?= =?UTF-8?Q?b?=", "éb"],
    ["a =?UTF-8?B?w6k=?= b", "a é b"],
    ["=?UTF-8?B?***?=", "***"],
    ["=?ISO-8859-1?Q?=E9?=", "=?ISO-8859-1?Q?=E9?="],
  ])("reads what another client stored as %s", (value, expected) => {
    expect(info({ "x-amz-meta-note": value }).metadata?.["note"]).toBe(expected);
  });

  it.each([
    ["aws-chunked", undefined],
    ["aws-chunked,gzip", "gzip"],
    ["gzip, aws-chunked", "gzip"],
    ["gzip", "gzip"],
  ])("content-encoding %s is %s", (value, expected) => {
    expect(info({ "content-encoding": value }).contentEncoding).toBe(expected);
  });

  it("changes no other header", () => {
    expect(info({ "content-disposition": "attachment; filename=aws-chunked" }).contentDisposition).toContain(
      "aws-chunked",
    );
  });

  it("leaves out what is not said, and takes metadata names that objects have", () => {
    const found = info({ etag: "x", "x-amz-meta-__proto__": "p", "x-amz-meta-constructor": "c" });
    expect(found).toMatchObject({ key: "k", size: 5, etag: '"x"' });
    expect(Object.keys(found.metadata ?? {})).toEqual(["__proto__", "constructor"]);
    expect(found).not.toHaveProperty("contentType");
  });
});

it.each([
  ['"a"', '"a"'],
  ["a", '"a"'],
  ['W/"a"', '"a"'],
  ['"a-2"', '"a-2"'],
  [null, '""'],
  [undefined, '""'],
])("toEtag of %s is %s", (value, expected) => {
  expect(toEtag(value)).toBe(expected);
});
