import { describe, expect, it } from "vitest";
import { asPrecondition, isConditional, refuseConditions } from "../../../drivers/s3/conditions.ts";
import { StorageError } from "../../../src/error.ts";

describe("isConditional", () => {
  it.each([
    [{}, false],
    [{ ifMatch: '"e"' }, true],
    [{ ifNoneMatch: "*" as const }, true],
  ])("%j make a write conditional: %s", (given, expected) => expect(isConditional(given)).toBe(expected));
});

describe("refuseConditions", () => {
  it("refuses a condition where the store passes over them, and nothing else", () => {
    const refused = expect.objectContaining({ code: "unsupported" });
    expect(() => refuseConditions({ conditionalWrites: false }, { ifMatch: '"e"' })).toThrow(refused);
    expect(() => refuseConditions({ conditionalWrites: false }, { ifNoneMatch: "*" })).toThrow(refused);
    refuseConditions({ conditionalWrites: false }, {});
    refuseConditions({ conditionalWrites: true }, { ifMatch: '"e"', ifNoneMatch: "*" });
  });
});

describe("asPrecondition", () => {
  const absent = (code: string): StorageError =>
    new StorageError("not-found", "absent", { response: { status: 404, code } });

  it.each([
    ["an absent object under ifMatch", { ifMatch: '"e"' }, "NoSuchKey", "precondition-failed"],
    ["an absent upload", { ifMatch: '"e"' }, "NoSuchUpload", "not-found"],
    ["an absent object without ifMatch", {}, "NoSuchKey", "not-found"],
  ])("of %s is what it should be", (_, given, said, code) => {
    expect(asPrecondition(absent(said), given)).toMatchObject({ code, response: { status: 404, code: said } });
  });

  it("has the store's error as its cause, and leaves any other alone", () => {
    const cause = absent("NoSuchKey");
    expect(asPrecondition(cause, { ifMatch: '"e"' })).toMatchObject({ cause });
    const denied = new StorageError("denied", "no");
    expect(asPrecondition(denied, { ifMatch: '"e"' })).toBe(denied);
  });
});
