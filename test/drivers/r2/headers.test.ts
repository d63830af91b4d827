import { afterEach, describe, expect, it, vi } from "vitest";
import { conditionOf, metadataOf, rangeOf, stored, WRITE_ID } from "../../../drivers/r2/headers.ts";

afterEach(() => vi.unstubAllGlobals());

describe("stored", () => {
  it("keeps the id of a write beside the user's metadata, and only where there is one", () => {
    const options = { contentType: "text/plain", metadata: { a: "1" } };
    const httpMetadata = { contentType: "text/plain" };
    expect(stored(options, undefined)).toEqual({ httpMetadata, customMetadata: { a: "1" } });
    expect(stored(options, "id")).toEqual({ httpMetadata, customMetadata: { a: "1", [WRITE_ID]: "id" } });
  });
});

describe("conditionOf", () => {
  it("asks nothing without a condition, and for ETags without quotes", () => {
    expect(conditionOf({})).toBeUndefined();
    expect(conditionOf({ ifMatch: '"a"' })).toEqual({ etagMatches: "a" });
    expect(conditionOf({ ifNoneMatch: 'W/"a"' })).toEqual({ etagDoesNotMatch: "a" });
    expect(conditionOf({ ifMatch: 'W/"a"' })).toEqual({ etagMatches: "W/a" });
  });

  it("takes a quoted star for an ETag that no object has, a bare one for any", () => {
    expect(conditionOf({ ifMatch: "*", ifNoneMatch: "*" })).toEqual({ etagMatches: "*", etagDoesNotMatch: "*" });
    expect(conditionOf({ ifMatch: '"*"' })).not.toEqual({ etagMatches: "*" });
    expect(conditionOf({ ifNoneMatch: '"*"' })).not.toEqual({ etagDoesNotMatch: "*" });
  });
});

describe("rangeOf", () => {
  it("is a header on Workers", () => {
    vi.stubGlobal("FixedLengthStream", TransformStream);
    expect(rangeOf(undefined)).toBeUndefined();
    expect((rangeOf({ start: 2, end: 4 }) as Headers).get("range")).toBe("bytes=2-4");
    expect((rangeOf({ suffix: 3 }) as Headers).get("range")).toBe("bytes=-3");
  });

  it("is plain elsewhere, where a binding is a proxy", () => {
    const ranges = [{ start: 2, end: 4 }, { start: 2 }, { suffix: 3 }];
    expect(ranges.map(rangeOf)).toEqual([{ offset: 2, length: 3 }, { offset: 2 }, { suffix: 3 }]);
    expect(rangeOf(undefined)).toBeUndefined();
  });
});

describe("metadataOf", () => {
  it("takes off the id of a write, and lowers names", () => {
    const metadata = { filename: "a" };
    expect(metadataOf({ fileName: "a", [WRITE_ID]: "id" })).toEqual({ metadata });
    expect(metadataOf(undefined)).toEqual({ metadata: {} });
  });

  it.each([
    ["a name that no header has", { naïve: "x" }],
    ["a value of two lines", { b: "1\n2" }],
    ["a value with a space at its end", { b: "1 " }],
    ["half a character", { b: "\uD800" }],
    ["a name in another case", { A: "2" }],
  ])("counts %s as missing, instead of losing it", (_, other) => {
    expect(metadataOf({ a: "1", ...other })).toEqual({ metadata: { a: "1" }, missingMetadata: 1 });
  });
});
