import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { hasCode, locate, storageError, StorageError } from "../../src/error.ts";

describe("StorageError", () => {
  it("is an Error with a code and no status", () => {
    const error = new StorageError("denied", "no", { response: { status: 403 } });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "StorageError", code: "denied", message: "no", retryable: false });
    expect(error).not.toHaveProperty("status");
    expect(error).not.toHaveProperty("statusCode");
  });

  it("is retryable by default for timeout and unavailable alone", () => {
    const codes = ["timeout", "unavailable", "conflict", "corrupt", "unknown", "not-found"] as const;
    expect(codes.filter((code) => new StorageError(code, "").retryable)).toEqual(["timeout", "unavailable"]);
    expect(new StorageError("timeout", "", { retryable: false }).retryable).toBe(false);
  });

  it("has a cause only when one was given, and no property that is undefined", () => {
    expect(new StorageError("unknown", "")).not.toHaveProperty("cause");
    expect(new StorageError("unknown", "", { cause: 0 }).cause).toBe(0);
    const printed = inspect(new StorageError("unknown", "x", { operation: undefined, key: "k" } as never));
    expect(printed).not.toContain("undefined");
    expect(Object.keys(new StorageError("unknown", ""))).not.toContain("operation");
  });

  it("is recognises one of another copy of the package, and nothing else", () => {
    expect(StorageError.is(new StorageError("unknown", ""))).toBe(true);
    expect(StorageError.is({ [Symbol.for("unbucket.StorageError")]: true, code: "unknown" })).toBe(true);
    for (const other of [new Error("x"), null, undefined, "StorageError", { code: "unknown" }])
      expect(StorageError.is(other)).toBe(false);
  });
});

it("hasCode knows a failure by its code, also one of another copy of the package", () => {
  expect(hasCode(new StorageError("denied", ""), "denied")).toBe(true);
  expect(hasCode(new StorageError("denied", ""), "conflict")).toBe(false);
  expect(hasCode({ [Symbol.for("unbucket.StorageError")]: true, code: "denied" }, "denied")).toBe(true);
  for (const other of [{ code: "denied" }, null, undefined, "denied"]) expect(hasCode(other, "denied")).toBe(false);
});

it("storageError leaves a StorageError as it is, and makes one of what else was thrown", () => {
  const own = new StorageError("denied", "no");
  expect(storageError(own)).toBe(own);
  const thrown = new Error("broke");
  expect(storageError(thrown)).toMatchObject({ code: "unknown", message: "broke", cause: thrown });
  expect(storageError("text")).toMatchObject({ message: "text", cause: "text" });
});

describe("locate", () => {
  const place = { operation: "upload", key: "a/b", driver: "s3" };

  it("adds the place once, before the message, on the same object", () => {
    class Mine extends StorageError {
      readonly extra = 1;
    }
    const error = new Mine("denied", "no");
    expect(locate(error, place)).toBe(error);
    expect(error).toMatchObject({ ...place, message: 's3 upload "a/b": no', extra: 1 });
    locate(error, { operation: "copy", key: "z", driver: "fs" });
    expect(error).toMatchObject({ ...place, message: 's3 upload "a/b": no' });
  });

  it("keeps the key that the error names itself", () => {
    expect(locate(new StorageError("not-found", "no", { key: "from" }), place).key).toBe("from");
  });

  it("wraps what is no StorageError as unknown with its cause", () => {
    const cause = new TypeError("odd");
    expect(locate(cause, place)).toMatchObject({ code: "unknown", cause, message: 's3 upload "a/b": odd' });
    expect(locate(cause, undefined)).toMatchObject({ code: "unknown", message: "odd" });
    expect(locate("text", {})).toMatchObject({ code: "unknown", message: expect.stringContaining("text") });
    expect(locate(undefined, {}).code).toBe("unknown");
  });

  it("shortens a long key in the message, not in the property", () => {
    const key = "k".repeat(1000);
    const error = locate(new StorageError("denied", "no"), { operation: "head", key });
    expect(error.key).toBe(key);
    expect(error.message.length).toBeLessThan(260);
  });
});
