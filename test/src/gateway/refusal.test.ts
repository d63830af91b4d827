import { describe, expect, it } from "vitest";
import { type ErrorCode, locate, StorageError } from "../../../src/error.ts";
import { failed, Refusal, refusalOf } from "../../../src/gateway/refusal.ts";

const HIDDEN = "We encountered an internal error. Please try again.";

describe("refusalOf", () => {
  it("gives the refusal that is the reason of another error, however deep", () => {
    const refusal = new Refusal("BadDigest", "other bytes");
    let error: Error = refusal;
    for (let depth = 0; depth < 5; depth++) error = new StorageError("unknown", "the source failed", { cause: error });
    expect(refusalOf(error)).toBe(refusal);
  });

  it("ends with causes that go round in a circle", () => {
    const error = new Error("round");
    error.cause = error;
    expect(refusalOf(error)).toMatchObject({ s3: "InternalError", said: HIDDEN });
  });

  it.each([
    ["not-found", "NoSuchKey", 404],
    ["invalid-key", "InvalidURI", 400],
    ["invalid-range", "InvalidRange", 416],
    ["precondition-failed", "PreconditionFailed", 412],
    ["not-modified", "NotModified", 304],
    ["conflict", "ConditionalRequestConflict", 409],
    ["too-large", "EntityTooLarge", 400],
    ["denied", "AccessDenied", 403],
    ["unsupported", "NotImplemented", 501],
    ["timeout", "ServiceUnavailable", 503],
    ["unavailable", "ServiceUnavailable", 503],
    ["bucket-not-found", "InternalError", 500],
    ["unauthenticated", "InternalError", 500],
    ["partial", "InternalError", 500],
    ["interrupted", "IncompleteBody", 400],
    ["corrupt", "InternalError", 500],
    ["ambiguous", "InternalError", 500],
    ["unknown", "InternalError", 500],
  ] as const)("says for %s what S3 says, and nothing of what the store has said", (code, s3, status) => {
    const cause = new StorageError(code, "EACCES /srv/data/secret", { driver: "fs", operation: "upload", key: "a" });
    const refusal = refusalOf(cause);
    expect([refusal.s3, refusal.answerStatus]).toEqual([s3, status]);
    expect(refusal.said).not.toMatch(/srv|EACCES|fs/);
    expect(refusal.details.cause).toBe(cause);
  });

  it("tells a store without room from one that is not there now, which clients ask again", () => {
    const full = new StorageError("unavailable", "the disk is full", { cause: { code: "ENOSPC" }, retryable: false });
    expect(refusalOf(full)).toMatchObject({ s3: "XMinioStorageFull", answerStatus: 507, details: { cause: full } });
    const init = { retryable: false, response: { status: 507, code: "XMinioStorageFull" } };
    expect(refusalOf(new StorageError("unavailable", "full", init)).answerStatus).toBe(507);
    const other = new StorageError("unavailable", "no", { retryable: false, response: { status: 511 } });
    expect(refusalOf(other).answerStatus).toBe(503);
  });

  it("says of an option what is wrong with it, without driver, verb and key", () => {
    for (const key of ['a "b: c"', undefined]) {
      const wrong = new StorageError("invalid-option", "metadata: must be shorter");
      locate(wrong, { driver: "memory", operation: "upload", ...(key !== undefined && { key }) });
      expect(refusalOf(wrong)).toMatchObject({ s3: "InvalidArgument", said: "metadata: must be shorter" });
    }
  });

  it("says nothing of an option that the store's own were, or a store behind it refused", () => {
    const open = new StorageError("invalid-option", "base must be a folder", { driver: "fs", operation: "open" });
    const init = { driver: "s3", operation: "upload", response: { status: 400, code: "InvalidRequest" } };
    const behind = new StorageError("invalid-option", "The bucket of 10.0.0.1 has no such class", init);
    for (const error of [open, behind]) expect(refusalOf(error)).toMatchObject({ s3: "InternalError", said: HIDDEN });
  });

  it("tells a key that is too long, in bytes, from one that is none for another reason", () => {
    for (const [key, s3] of [
      ["ü".repeat(513), "KeyTooLongError"],
      [`${"k".repeat(1022)}/.`, "InvalidURI"],
    ] as const)
      expect(refusalOf(new StorageError("invalid-key", "no key", { key })).s3).toBe(s3);
  });

  it("takes a code that only another copy of this package has for a failure of the server's", () => {
    const later = new StorageError("of-a-later-version" as ErrorCode, "/srv/data");
    expect(refusalOf(later)).toMatchObject({ s3: "InternalError", said: HIDDEN });
  });

  it.each([
    new Error("/srv/data"),
    new TypeError("x is not a function"),
    "text",
    undefined,
    null,
    { s3: "AccessDenied" },
  ])("takes anything else for a failure of the server's: %s", (thrown) => {
    const refusal = refusalOf(thrown);
    expect([refusal.s3, refusal.said, refusal.details.cause]).toEqual(["InternalError", HIDDEN, thrown]);
  });

  it("takes a path that cannot be decoded for the client's", () => {
    expect(refusalOf(new URIError("URI malformed")).s3).toBe("InvalidURI");
  });
});

describe("Refusal", () => {
  it.each([
    ["ExpiredToken", 400],
    ["MethodNotAllowed", 405],
    ["RequestTimeTooSkewed", 403],
  ] as const)("has the status that S3 answers %s with", (s3, status) => {
    expect(new Refusal(s3, "no").answerStatus).toBe(status);
  });
});

describe("failed", () => {
  it("keeps the reason, and does not say it", () => {
    const cause = new Error("the secret");
    const refusal = failed(cause);
    expect([refusal.answerStatus, refusal.said, refusal.details.cause]).toEqual([500, HIDDEN, cause]);
    expect(refusal.message).not.toContain("secret");
  });
});
