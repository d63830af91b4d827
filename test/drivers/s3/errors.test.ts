import { describe, expect, it } from "vitest";
import { isRetryable, toStorageError, waitOf } from "../../../drivers/s3/errors.ts";
import { isFull } from "../../../src/error.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";

const identity = { accessKeyId: "AKID-CANARY", secretAccessKey: "SECRET-CANARY", sessionToken: "TOKEN-CANARY" };
const none = { code: undefined, message: undefined, region: undefined };

function answered(
  status: number,
  body: string | Error = "",
  headers: Readonly<Record<string, string>> = {},
): WireResponse {
  return {
    status,
    header: (name) => headers[name] ?? null,
    names: () => [],
    pieces: () => ({ next: async () => null, cancel: () => {} }),
    bytes: async () => {
      if (body instanceof Error) throw body;
      return new TextEncoder().encode(body);
    },
    discard: async () => {},
    raw: true,
  };
}

describe("toStorageError", () => {
  it("goes by the code before the status", () => {
    const made = toStorageError(answered(400), { ...none, code: "ExpiredToken" }, identity);
    expect(made).toMatchObject({ code: "unauthenticated", response: { status: 400, code: "ExpiredToken" } });
    expect(toStorageError(answered(404), { ...none, code: "NoSuchBucket" }, identity).code).toBe("bucket-not-found");
    expect(toStorageError(answered(404), { ...none, code: "XAdminUserNotFound" }, identity).code).toBe(
      "unauthenticated",
    );
    expect(toStorageError(answered(418), none, identity).code).toBe("unknown");
    expect(toStorageError(answered(200), { ...none, code: "SomethingNew" }, identity).code).toBe("unknown");
    expect(toStorageError(answered(599), none, identity)).toMatchObject({ code: "unavailable", retryable: false });
  });

  it.each([
    ["not-found", ["NoSuchKey", "NoSuchVersion", "NoSuchUpload"]],
    ["bucket-not-found", ["NoSuchBucket"]],
    ["invalid-option", ["InvalidBucketName", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"]],
    ["invalid-option", ["MetadataTooLarge", "InvalidPart", "InvalidPartOrder", "EntityTooSmall"]],
    ["invalid-key", ["KeyTooLongError", "KeyTooLong", "InvalidObjectName", "InvalidURI"]],
    ["invalid-key", ["XMinioInvalidObjectName", "XMinioInvalidResourceName"]],
    ["invalid-range", ["InvalidRange"]],
    ["denied", ["AccessDenied", "AllAccessDisabled"]],
    ["unauthenticated", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"]],
    ["unauthenticated", ["ExpiredToken", "InvalidToken", "InvalidTokenId", "TokenRefreshRequired"]],
    ["precondition-failed", ["PreconditionFailed"]],
    ["conflict", ["ConditionalRequestConflict", "OperationAborted", "InvalidObjectState"]],
    ["too-large", ["EntityTooLarge"]],
    ["unsupported", ["NotImplemented"]],
    ["corrupt", ["BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"]],
    ["timeout", ["RequestTimeout"]],
    ["unavailable", ["SlowDown", "InternalError", "ServiceUnavailable", "IncompleteBody"]],
    ["unavailable", ["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"]],
  ] as const)("is %s for %j, also where the status says nothing, as within a batch", (code, theirs) => {
    for (const said of theirs)
      expect(toStorageError(answered(200), { ...none, code: said }, identity).code, said).toBe(code);
  });

  it.each([
    [507, "XMinioStorageFull"],
    [400, "XMinioAdminBucketQuotaExceeded"],
    [403, "QuotaExceeded"],
    [507, undefined],
  ])("says of %i %s that there is no room, which asking again does not make", (status, code) => {
    const error = toStorageError(answered(status), { ...none, code }, identity);
    expect([error.code, error.retryable, isFull(error)]).toEqual(["unavailable", false, true]);
  });

  it.each([
    [300, "invalid-option"],
    [302, "invalid-option"],
    [304, "not-modified"],
    [400, "unknown"],
    [401, "unauthenticated"],
    [403, "denied"],
    [404, "unknown"],
    [405, "unsupported"],
    [408, "timeout"],
    [409, "conflict"],
    [412, "precondition-failed"],
    [413, "too-large"],
    [416, "invalid-range"],
    [429, "unavailable"],
    [499, "unavailable"],
    [500, "unavailable"],
    [501, "unsupported"],
    [504, "timeout"],
  ])("takes %i without a document, as a HEAD has it, for %s", (status, code) => {
    expect(toStorageError(answered(status), none, identity).code).toBe(code);
  });

  it("says the status alone where there is no more", () => {
    const { message, response } = toStorageError(answered(418), none, identity);
    expect([message, response]).toEqual(["the store answered 418", { status: 418 }]);
  });

  it.each([
    [404, "NoSuchBucket", /create the bucket/],
    [403, "SignatureDoesNotMatch", /check the keys, the session token and the clock/],
    [403, undefined, /or a proxy forbids it; .*s3:ListBucket/],
    [404, undefined, /check endpoint/],
    [404, "NoSuchUpload", /NoSuchUpload$/],
  ])("says what to do on %i %s", (status, code, hint) => {
    expect(toStorageError(answered(status), { ...none, code }, identity).message).toMatch(hint);
  });

  it("keeps the request's id, and says in which region the bucket is", () => {
    const made = toStorageError(
      answered(301, "", { "x-amz-request-id": "R1", "x-amz-bucket-region": "eu-west-1" }),
      none,
      identity,
    );
    expect(made.response).toMatchObject({ status: 301, requestId: "R1" });
    expect(made.message).toContain("eu-west-1; set region");
    // Where it is elsewhere, and not on whatever answer says it.
    const right = toStorageError(answered(412, "", { "x-amz-bucket-region": "eu-west-1" }), none, identity);
    expect(right.message).not.toContain("eu-west-1");
    const odd = toStorageError(answered(301, "", { "x-amz-bucket-region": "<b>" }), none, identity);
    expect(odd.message).not.toContain("<b>");
  });

  it("says to which host it is redirected, and takes a redirect to no host of its own for no more than that", () => {
    const to = (location: string, status = 307): string =>
      toStorageError(answered(status, "", { location }), none, identity).message;
    // As a network's login does it, too.
    for (const status of [307, 302])
      expect(to("https://other.example/login?token=x", status)).toMatch(
        /; it redirects to other\.example; set endpoint or region$/,
      );
    for (const location of ["/login", "//[", ""]) expect(to(location)).toBe("the store answered 307");
  });

  it("repeats no secret that the store repeats, also where the message is cut", () => {
    for (const secret of Object.values(identity))
      for (let before = 270; before <= 300; before++) {
        const complaint = { code: `C${secret}`, message: `${"x".repeat(before)}${secret} tail`, region: undefined };
        const answer = answered(403, "", { "x-amz-request-id": `R${secret}` });
        const { message, response } = toStorageError(answer, complaint, identity);
        const said = message + JSON.stringify(response);
        expect(said).not.toContain(secret.slice(0, 6));
      }
  });

  it("repeats no secret either as it stands in an address, nor a second time", () => {
    const secretAccessKey = "a/CANARY+b";
    const message = ["a/CANARY+b", "a%2FCANARY%2Bb", "a%2fCANARY%2bb"].join(" ");
    const made = toStorageError(answered(403), { ...none, message }, { ...identity, secretAccessKey });
    expect(made.message).toContain("; *** *** ***;");
  });

  it("repeats no secret with an escape in it, which is none of an address", () => {
    const message = "TOKEN%41CANARY";
    const made = toStorageError(answered(403), { ...none, message }, { ...identity, sessionToken: message });
    expect(made.message).toContain("; ***;");
  });

  it("repeats no signature, of a header or of an address, and says that it does not match", () => {
    const sent = "SignedHeaders=host, Signature=c0ffee";
    const message = `SignatureDoesNotMatch: ${sent} and ?X-Amz-Signature=c0ffee&x=1`;
    const made = toStorageError(answered(403), { ...none, message }, identity);
    expect(made.message).toContain(
      "; SignatureDoesNotMatch: SignedHeaders=host, Signature=*** and ?X-Amz-Signature=***&x=1;",
    );
  });

  it("repeats nothing that steers a terminal or turns the line around, nor a secret that it was in", () => {
    const text = "\u001b[2J\u001b]0;x\u0007\u009b31m\u202eback %7f SECRET\u200b-CANARY";
    const answer = answered(403, "", { "x-amz-request-id": text });
    const { message, response } = toStorageError(answer, { code: text, message: text, region: undefined }, identity);
    for (const said of [message, response?.code, response?.requestId]) {
      expect(said).toContain("[2J");
      expect(said).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(said).not.toContain("SECRET-CANARY");
    }
  });

  it("repeats the rest in one line as it is, also what decodes to nothing", () => {
    const message = "\n100% of\n  %C3 and %0A ";
    expect(toStorageError(answered(400), { ...none, message }, identity).message).toMatch(/; 100% of %C3 and %0A$/);
  });

  it("repeats no customer's key", () => {
    const key = btoa("canary-customer-key-~~~???>>>123");
    expect(key).toMatch(/[+/]/);
    const complaint = {
      code: `C${key}`,
      message: `the key '${key}' is not '${key}', which is wrong`,
      region: undefined,
    };
    const { message, response } = toStorageError(answered(400), complaint, identity);
    expect(message + JSON.stringify(response)).not.toContain(key.slice(0, 6));
    expect(message).toContain("is wrong");
  });

  it("bounds what it repeats", () => {
    const long = { code: "c".repeat(5000), message: "m".repeat(5000), region: undefined };
    const made = toStorageError(answered(400), long, identity);
    expect(made.message.length).toBeLessThan(600);
    expect(made.response?.code?.length).toBe(100);
  });
});

it.each([
  ...[408, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524].map((status) => [status, undefined, true] as const),
  ...[400, 401, 403, 404, 405, 409, 410, 411, 412, 413, 416, 418, 501, 505, 507, 511, 525, 530].map(
    (status) => [status, undefined, false] as const,
  ),
  ...[301, 302, 303, 304, 307, 308].map((status) => [status, undefined, false] as const),
  [307, "TemporaryRedirect", false],
  [400, "RequestTimeout", true],
  [400, "SlowDown", true],
  [409, "ConditionalRequestConflict", true],
  [409, "OperationAborted", true],
  [409, "BucketNotEmpty", false],
  [403, "InvalidObjectState", false],
  [503, "AccessDenied", false],
  [503, "NotImplemented", false],
  [503, "ServiceUnavailable", true],
  [507, "XMinioStorageFull", false],
  [500, "SomethingNew", true],
] as const)("isRetryable %i %s is %s", (status, code, expected) => {
  expect(isRetryable(status, code)).toBe(expected);
});

describe("waitOf", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");

  it.each([
    [{}, undefined],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT" }, 5000],
    [{ "retry-after": "Thu, 01 Jan 2026 01:00:05 GMT", date: "Thu, 01 Jan 2026 01:00:00 GMT" }, 5000],
    [{ "retry-after": "soon" }, undefined],
    [{ "x-amz-retry-after": "250" }, 250],
    [{ "x-amz-retry-after": "250 " }, 250],
    [{ "x-amz-retry-after": "250", "retry-after": "2" }, 250],
    [{ "x-amz-retry-after": "-1", "retry-after": "2" }, 2000],
    [{ "x-amz-retry-after": "86400000000000000000" }, 86_400_000_000_000_000_000],
  ])("reads %j as %s ms", (headers, expected) => {
    expect(waitOf(answered(503, "", headers as Record<string, string>), none, now).after).toBe(expected);
  });

  it.each([
    [429, undefined, "throttled"],
    [503, undefined, "throttled"],
    [500, "SlowDown", "throttled"],
    [500, "InternalError", "transient"],
    [408, undefined, "transient"],
  ])("calls %i %s %s", (status, code, kind) => {
    expect(waitOf(answered(status), { ...none, code }, now).kind).toBe(kind);
  });
});
