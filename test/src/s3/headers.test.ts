import { describe, expect, it } from "vitest";
import { conditionHeaders, decodeValue, META, NAMES, toRequestHeaders } from "../../../src/s3/headers.ts";
import { processorTime } from "../../support/processor.ts";

const sent = (value: string): string => toRequestHeaders({ metadata: { a: value } })[`${META}a`] ?? "";

it("conditionHeaders gives each condition its header", () => {
  expect(conditionHeaders({ ifMatch: '"e"' })).toEqual({ "if-match": '"e"', "if-none-match": undefined });
  expect(conditionHeaders({ ifNoneMatch: "*" })).toEqual({ "if-match": undefined, "if-none-match": "*" });
});

describe("toRequestHeaders", () => {
  it("gives each option its header, and metadata a prefix", () => {
    const options = Object.fromEntries(NAMES.map(([option], at) => [option, `v${at}`]));
    expect(toRequestHeaders({ ...options, metadata: { x: "y" } })).toEqual({
      "content-type": "v0",
      "content-encoding": "v1",
      "content-language": "v2",
      "content-disposition": "v3",
      "cache-control": "v4",
      "x-amz-meta-x": "y",
    });
  });

  it.each(["", "a", "a b", "~!@#$%^&*()_+", "a=?b".replace("=?", "? =")])("leaves ASCII as it is: %j", (value) => {
    expect(sent(value)).toBe(value);
  });

  it.each(["ä", "日本", "😀", "a  b", "=?UTF-8?B?YQ==?=", "=?", "a\tb", "x".repeat(1000) + "ü"])(
    "writes in ASCII what decodeValue reads: %j",
    (value) => {
      expect(sent(value)).toMatch(/^=\?UTF-8\?B\?[\w+/=]+\?=$/);
      expect(decodeValue(sent(value))).toBe(value);
    },
  );

  it("takes metadata for no names of its own", () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    expect(toRequestHeaders({ metadata })).toMatchObject({
      "x-amz-meta-__proto__": "a",
      "x-amz-meta-constructor": "b",
    });
  });
});

describe("decodeValue", () => {
  it.each([
    ["plain", "plain"],
    ["=?UTF-8?B?w6Q=?=", "ä"],
    ["=?utf-8?b?w6Q=?=", "ä"],
    ["=?UTF-8?Q?=C3=A4_b=3D%?=", "ä b=%"],
    ["=?utf-8?q?a_b?=", "a b"],
    ["a =?UTF-8?B?w6Q=?= b", "a ä b"],
    ["=?UTF-8?B?w6Q=?= =?UTF-8?B?w7Y=?=", "äö"],
    ["=?ISO-8859-1?B?5A==?=", "=?ISO-8859-1?B?5A==?="],
    ["=?UTF-8?B?w6Q=", "=?UTF-8?B?w6Q="],
    ["=?UTF-8?B?*?=", "*"],
    ["=?UTF-8?Q?=C3?=", "=C3"],
    ["=?UTF-8?B??=", ""],
  ])("reads %s", (value, text) => {
    expect(decodeValue(value)).toBe(text);
  });

  it("takes little time for what looks like many words", () => {
    const run = (): void => {
      decodeValue("=?UTF-8?B?".repeat(2000));
      decodeValue(`=?UTF-8?B?w6Q=?=${" ".repeat(20_000)}x`);
    };
    expect(processorTime(run)).toBeLessThan(2000);
  });
});
