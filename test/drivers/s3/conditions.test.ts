import { describe, expect, it } from "vitest";
import { conditions, isConditional, refusedAsPrecondition } from "../../../drivers/s3/conditions.ts";
import { StorageError } from "../../../src/error.ts";

describe("conditions", () => {
  it("become headers", () => {
    expect(conditions({ ifMatch: '"e"' })).toEqual({ "if-match": '"e"', "if-none-match": undefined });
    expect(conditions({ ifNoneMatch: "*" })).toEqual({ "if-match": undefined, "if-none-match": "*" });
  });

  it.each([
    [{}, false],
    [{ ifMatch: '"e"' }, true],
    [{ ifNoneMatch: "*" as const }, true],
  ])("%j make a write conditional: %s", (given, expected) => expect(isConditional(given)).toBe(expected));
});

describe("refusedAsPrecondition", () => {
  const absent = (code: string): StorageError =>
    new StorageError("not-found", "absent", { response: { status: 404, code } });

  it.each([
    ["an absent object under ifMatch", { ifMatch: '"e"' }, "NoSuchKey", "precondition-failed"],
    ["an absent upload", { ifMatch: '"e"' }, "NoSuchUpload", "not-found"],
    ["an absent object without ifMatch", {}, "NoSuchKey", "not-found"],
  ])("%s rejects as it should", async (_, given, said, code) => {
    await expect(refusedAsPrecondition(given, () => Promise.reject(absent(said)))).rejects.toMatchObject({ code });
  });
});
