import { describe, expect, it } from "vitest";
import { checkPolicy, type LengthRange } from "../../../src/gateway/policy.ts";

const NOW = Date.parse("2026-03-04T05:06:07.000Z");
const FIELDS = { bucket: "bucket", key: "user/a.png" };
const NAMED = [{ bucket: "bucket" }, ["starts-with", "$key", "user/"]];

/** Checks fields against a policy that names bucket and key besides. */
function check(conditions: readonly unknown[], fields: Record<string, string> = {}, more: object = {}): LengthRange {
  const policy = { expiration: "2026-03-04T05:06:07.001Z", conditions: [...NAMED, ...conditions], ...more };
  return checkPolicy(btoa(JSON.stringify(policy)), new Map(Object.entries({ ...FIELDS, ...fields })), NOW);
}

const refusing = (s3: string, ...call: Parameters<typeof check>): void =>
  expect(() => check(...call)).toThrow(expect.objectContaining({ s3 }));

describe("checkPolicy", () => {
  it.each<[unknown, Record<string, string>, boolean]>([
    [{ acl: "private" }, { acl: "private" }, true],
    [{ acl: "private" }, { acl: "public-read" }, false],
    [{ acl: "private" }, {}, false],
    [["eq", "$acl", "private"], { acl: "private" }, true],
    [["EQ", "$acl", "private"], { acl: "privat" }, false],
    [["eq", "$Content-Type", "text/css"], { "content-type": "text/css" }, true],
    [["eq", "$Content-Type", "text/css"], { "content-type": "text/css,text/html" }, false],
    [["starts-with", "$x-amz-meta-a", "b"], { "x-amz-meta-a": "bc" }, true],
    [["starts-with", "$x-amz-meta-a", "b"], { "x-amz-meta-a": "cb" }, false],
    [["starts-with", "$x-amz-meta-a", "b"], { "x-amz-meta-a": " b" }, false],
    [["starts-with", "$x-amz-meta-a", "b"], {}, false],
    [["starts-with", "$x-amz-meta-a", ""], { "x-amz-meta-a": "anything" }, true],
    [["starts-with", "$x-amz-meta-a", ""], {}, true],
    [["starts-with", "$Content-Type", "image/"], { "content-type": "image/png" }, true],
    [["starts-with", "$Content-Type", "image/"], { "content-type": "image/png, image/gif" }, true],
    [["starts-with", "$Content-Type", "image/"], { "content-type": "image/png, text/html" }, false],
    [["starts-with", "$Content-Type", "image/"], { "content-type": "text/html" }, false],
    [["eq", "$key", "user/a.png"], {}, true],
    [["eq", "$key", "user/b.png"], {}, false],
    [["starts-with", "$bucket", "buck"], {}, true],
    [{ bucket: "other" }, {}, false],
  ])("holds %j for %j: %s", (condition, fields, holds) => {
    if (holds) expect(check([condition], fields)).toEqual({ least: 0, most: 5 * 2 ** 30 });
    else refusing("AccessDenied", [condition], fields);
  });

  it.each<[readonly unknown[], LengthRange]>([
    [[["content-length-range", 0, 0]], { least: 0, most: 0 }],
    [[["content-length-range", "1", "10"]], { least: 1, most: 10 }],
    [[], { least: 0, most: 5 * 2 ** 30 }],
    [[["content-length-range", 1, 10 ** 15 - 1]], { least: 1, most: 5 * 2 ** 30 }],
    [
      [
        ["Content-Length-Range", 5, 20],
        ["content-length-range", 1, 10],
        ["content-length-range", 0, 30],
      ],
      { least: 5, most: 10 },
    ],
  ])("gives the bytes that %j allows", (conditions, range) => {
    expect(check(conditions)).toEqual(range);
  });

  it.each(["policy", "x-amz-signature", "file", "x-ignore-this"])("needs no condition for the field %s", (name) => {
    expect(check([], { [name]: "x" })).toBeDefined();
  });

  it.each([
    "acl",
    "x-amz-meta-a",
    "x-amz-meta-file",
    "content-type",
    "success_action_redirect",
    "x-amz-date",
    "__proto__",
    "tagging",
  ])("refuses a field that no condition names: %s", (name) => {
    const fields = new Map([...Object.entries(FIELDS), [name, "x"]]);
    const policy = btoa(JSON.stringify({ expiration: "2999-01-01T00:00:00Z", conditions: NAMED }));
    expect(() => checkPolicy(policy, fields as Map<string, string>, NOW)).toThrow(`Extra input fields: ${name}`);
  });

  it.each(["bucket", "key"])("refuses a policy that does not name the %s, which would hold for each", (name) => {
    const conditions = NAMED.filter((_, at) => at !== ["bucket", "key"].indexOf(name));
    refusing("AccessDenied", [], {}, { conditions });
  });

  it("holds __proto__ like any other field", () => {
    const conditions = JSON.parse('[{"__proto__":"a"}]') as unknown[];
    const of = (value: string): Map<string, string> => new Map([...Object.entries(FIELDS), ["__proto__", value]]);
    const policy = `{"expiration":"2999-01-01T00:00:00Z","conditions":${JSON.stringify([...NAMED, ...conditions])}}`;
    expect(checkPolicy(btoa(policy), of("a"), NOW)).toBeDefined();
    expect(() => checkPolicy(btoa(policy), of("b"), NOW)).toThrow("Policy Condition failed");
  });

  it("ends to the millisecond", () => {
    expect(check([], {}, { expiration: "2026-03-04T05:06:07.001Z" })).toBeDefined();
    refusing("AccessDenied", [], {}, { expiration: "2026-03-04T05:06:07.000Z" });
    refusing("AccessDenied", [], {}, { expiration: "2026-13-04T05:06:07.000Z" });
  });

  it.each(["2999-01-01T00:00:00", "2999-01-01", "2999", "Wed, 04 Mar 2999 05:06:07 GMT", "", 2999, null])(
    "refuses an expiration that is no moment: %j",
    (expiration) => {
      refusing("InvalidPolicyDocument", [], {}, { expiration });
    },
  );

  it.each<unknown>([
    "text",
    null,
    7,
    [],
    ["eq", "$key"],
    ["eq", "$key", "a", "b"],
    ["in", "$key", "a"],
    ["eq", "$key", 7],
    ["eq", 7, "a"],
    {},
    { a: "b", c: "d" },
    { key: ["user/a.png"] },
    ["content-length-range", -1, 5],
    ["content-length-range", 0, 1.5],
    ["content-length-range", 0, null],
  ])("refuses a condition that is none: %j", (condition) => {
    refusing("InvalidPolicyDocument", [condition]);
  });

  it.each(["", "?", btoa(""), btoa("{"), btoa("null"), btoa("[]"), btoa('{"expiration":"2999-01-01T00:00:00Z"}')])(
    "refuses a document that is none: %j",
    (document) => {
      expect(() => checkPolicy(document, new Map(), NOW)).toThrow(
        expect.objectContaining({ s3: "InvalidPolicyDocument" }),
      );
    },
  );

  it("reads UTF-8", () => {
    const text = JSON.stringify({
      expiration: "2999-01-01T00:00:00Z",
      conditions: [...NAMED, { "x-amz-meta-a": "ä" }],
    });
    const document = btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    const fields = { ...FIELDS, "x-amz-meta-a": "ä" };
    expect(checkPolicy(document, new Map(Object.entries(fields)), NOW)).toBeDefined();
  });
});
