import { expect, test } from "vitest";
import { evaluate, ifRangeHolds, isDate, storeConditions } from "../../../src/respond/conditions.ts";

test.each([
  [{ "if-match": '"a"' }, { ifMatch: '"a"' }],
  [{ "if-match": 'W/"a"' }, {}],
  [{ "if-match": '"a", "b"' }, {}],
  [{ "if-match": "*" }, {}],
  [{ "if-none-match": 'W/"a"' }, { ifNoneMatch: '"a"' }],
  [{ "if-none-match": '"a,b"' }, { ifNoneMatch: '"a,b"' }],
  [{ "if-none-match": "*" }, {}],
  [{ "if-none-match": '"foo bar"' }, {}],
  [{ "if-none-match": 'W/"é"' }, {}],
  [{ "if-match": '"foo\tbar"' }, {}],
  [{ "if-none-match": '"a"', "if-unmodified-since": "x" }, {}],
  [{ "if-match": '"b"', "if-none-match": '"a"' }, { ifMatch: '"b"' }],
  [{ "if-match": "*", "if-none-match": '"a"' }, { ifNoneMatch: '"a"' }],
])("storeConditions asks the store about %j with %j", (headers, conditions) => {
  expect(storeConditions(new Headers(headers as Record<string, string>))).toEqual(conditions);
});

test("evaluate compares weak tags of the store weakly for If-None-Match and never for If-Match", () => {
  expect(evaluate(new Headers({ "if-none-match": '"a"' }), { etag: 'W/"a"' })).toBe("not-modified");
  expect(evaluate(new Headers({ "if-match": 'W/"a"' }), { etag: 'W/"a"' })).toBe("failed");
});

test("evaluate ignores dates where the store has none, and fractions of a second", () => {
  const date = "Mon, 01 Jan 2001 00:00:00 GMT";
  expect(evaluate(new Headers({ "if-modified-since": date }), { etag: '"a"' })).toBe("send");
  const lastModified = new Date(Date.parse(date) + 900);
  expect(evaluate(new Headers({ "if-modified-since": date }), { etag: '"a"', lastModified })).toBe("not-modified");
  expect(ifRangeHolds(new Headers({ "if-range": date }), { etag: '"a"', lastModified })).toBe(true);
});

test.each([
  ["Mon, 01 Jan 2001 00:00:00 GMT", true],
  [" Mon, 01 Jan 2001 00:00:00 GMT ", true],
  ["2001-01-01T00:00:00Z", false],
  ["Monday, 01-Jan-01 00:00:00 GMT", false],
  ["Mon, 99 Jan 2001 00:00:00 GMT", false],
  ["1", false],
  ["", false],
])("isDate takes what conditions have: %j", (text, taken) => {
  expect(isDate(text)).toBe(taken);
});
