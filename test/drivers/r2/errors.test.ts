import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { judge, rethrow } from "../../../drivers/r2/errors.ts";
import { StorageError } from "../../../src/error.ts";

/** What becomes of what was thrown. */
function thrown(error: unknown, signal?: AbortSignal): unknown {
  try {
    return rethrow(error, signal);
  } catch (caught) {
    return caught;
  }
}

describe("rethrow", () => {
  it.each([
    ["get: We encountered an internal error. Please try again. (10001)", "unavailable", true],
    ["get: The specified key does not exist. (10007)", "not-found", false],
    ["put: At least one of the pre-conditions you specified did not hold. (10031)", "precondition-failed", false],
    ["put: The Content-MD5 you specified did not match what we received. (10037)", "corrupt", false],
    ["put: Your proposed upload exceeds the maximum allowed size. (100100)", "too-large", false],
    ["get: something new (99999)", "unknown", false],
    ["Network connection lost.", "unavailable", true],
    ["a number in the midst (10007) is none", "unavailable", true],
  ])("reads %s as %s", (message, code, retryable) => {
    const cause = new Error(message);
    expect(thrown(cause)).toMatchObject({ code, message, cause, retryable });
    expect(thrown(new StorageError("interrupted", "broke off", { cause }))).toMatchObject({ code, cause });
  });

  it("leaves what has a code, and what no error of R2's is", () => {
    const own = new StorageError("corrupt", "cut");
    expect(thrown(own)).toBe(own);
    expect(thrown("text")).toBe("text");
    expect(thrown(new TypeError("Provided readable stream must have a known length"))).toMatchObject({
      code: "unknown",
      retryable: false,
    });
  });

  it("knows an error of another realm, as a binding's is inside Jest", () => {
    const other = (of: string): unknown => runInNewContext(`new ${of}("get: Internal error. (10001)")`);
    expect(thrown(other("Error"))).toMatchObject({ code: "unavailable" });
    expect(thrown(runInNewContext('new TypeError("no length")'))).toMatchObject({
      code: "unknown",
      message: "no length",
    });
  });

  it("is the signal's reason where that was aborted", () => {
    const reason = new Error("left");
    expect(thrown(new Error("get: not there (10007)"), AbortSignal.abort(reason))).toBe(reason);
  });
});

describe("judge", () => {
  it("knows what R2 did not begin, and what may be tried again", () => {
    const judged = (message: string): unknown => judge(thrown(new Error(message)));
    expect(judged("put: Slow down. (10058)")).toMatchObject({ retryable: true, kind: "throttled" });
    expect(judged("put: try later (10043)")).toMatchObject({ retryable: true, kind: "throttled" });
    expect(judged("put: internal error (10001)")).toMatchObject({ retryable: true, kind: "transient" });
    expect(judged("put: not allowed (10003)")).toMatchObject({ retryable: false });
    expect(judge(new TypeError("x"))).toMatchObject({ retryable: false });
  });
});
