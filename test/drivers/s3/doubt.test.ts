import { describe, expect, it } from "vitest";
import { Doubt, isUnsent } from "../../../drivers/s3/doubt.ts";
import { StorageError } from "../../../src/error.ts";

const refused = new StorageError("precondition-failed", "x", { response: { status: 412, code: "PreconditionFailed" } });
const lost = new StorageError("unavailable", "x");
const answered = (status: number, code?: string, retryable = true): StorageError =>
  new StorageError("unavailable", "x", { retryable, response: { status, ...(code && { code }) } });

describe("Doubt", () => {
  it.each([
    ["no answer", lost, true, "ambiguous"],
    ["a request that was not sent", lost, false, "precondition-failed"],
    ["a 500", answered(500), false, "ambiguous"],
    ["a 500 of the store", answered(500, "InternalError"), false, "ambiguous"],
    ["a 502 of the store", answered(502, "BadGateway"), false, "ambiguous"],
    ["a 504 of the store", answered(504, "GatewayTimeout"), false, "ambiguous"],
    ["a 503 of a proxy", answered(503), false, "ambiguous"],
    ["a 524 of a proxy", answered(524), false, "ambiguous"],
    ["a 503 of the store", answered(503, "ServiceUnavailable"), false, "precondition-failed"],
    ["a SlowDown", answered(503, "SlowDown"), false, "precondition-failed"],
    ["a SlowDown within a 200", answered(500, "SlowDown"), false, "precondition-failed"],
    ["a refusal of a proxy", answered(403, undefined, false), false, "precondition-failed"],
    ["a refusal within a 200", answered(500, "AccessDenied", false), false, "precondition-failed"],
  ] as const)("after %s calls a refusal what it may be", (_, error, sent, code) => {
    const doubt = new Doubt();
    doubt.add(error, sent);
    doubt.add(refused, false);
    expect(doubt.verdict(refused)).toMatchObject({ code });
  });

  it("is what a lost last attempt leaves, and a conflict that its repetition met", () => {
    for (const last of [lost, answered(500), new StorageError("conflict", "x", { response: { status: 409 } })]) {
      const doubt = new Doubt();
      doubt.add(answered(500), false);
      doubt.add(last, true);
      expect(doubt.verdict(last)).toMatchObject({ code: "ambiguous", cause: last, retryable: false });
    }
  });

  it.each([
    ["not-found", "ambiguous"],
    ["precondition-failed", "ambiguous"],
    ["denied", "denied"],
  ] as const)(
    "of a copy is %s as %s, since only what its source tells may be the echo of its success",
    (said, code) => {
      // Within a 200, too.
      const told = new StorageError(said, "x", { response: { status: 500 } });
      const doubt = new Doubt();
      expect(doubt.verdict(told, true)).toBe(told);
      doubt.add(lost, true);
      expect(doubt.verdict(told, true)).toMatchObject({ code });
      expect(doubt.verdict(lost, true)).toBe(lost);
    },
  );

  it("keeps what is no StorageError", () => {
    const doubt = new Doubt();
    const error = new Error("own");
    doubt.add(error, true);
    expect(doubt.verdict(error)).toBe(error);
  });
});

it.each([
  [{ code: "ECONNREFUSED" }, true],
  [{ code: "EAI_AGAIN" }, true],
  [{ code: "EHOSTUNREACH" }, true],
  [{ code: "ENETUNREACH" }, true],
  [{ code: "ConnectionRefused" }, true],
  [new StorageError("denied", "not allowed"), true],
  [{ code: "ERR_TLS_CERT_ALTNAME_INVALID" }, true],
  [{ code: "CERT_HAS_EXPIRED" }, true],
  [{ code: "SELF_SIGNED_CERT_IN_CHAIN" }, true],
  [{ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }, true],
  [{ cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }, true],
  [{ cause: { cause: { code: "ENOTFOUND" } } }, true],
  [{ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } }, true],
  // A middlebox may say so in plain text when the request has gone through it.
  [{ code: "ERR_SSL_WRONG_VERSION_NUMBER" }, false],
  [{ cause: { code: "EHOSTUNREACH", syscall: "connect" } }, true],
  [{ cause: { code: "EHOSTUNREACH", syscall: "write" } }, false],
  [{ cause: new Error("Proxy request failed: socket hang up") }, false],
  [{ cause: new Error("Proxy returned 502") }, false],
  [{ code: "ERR_PROXY_TUNNEL", message: "Proxy refused to open a tunnel: 407" }, true],
  [{ code: "UND_ERR_INVALID_ARG", message: "Proxy Authentication Required (407)" }, true],
  [{ cause: { code: "UND_ERR_ABORTED", message: "Proxy response (407) !== 200 when HTTP Tunneling" } }, true],
  [
    { cause: { cause: new Error("error sending request for url (http://h/k): client error (Connect): dns error") } },
    true,
  ],
  [
    { cause: { cause: new Error("error sending request for url (http://h/k): client error (SendRequest): closed") } },
    false,
  ],
  [{ cause: { code: "UND_ERR_ABORTED", message: "aborted" } }, false],
  [{ cause: { code: "ECONNRESET" } }, false],
  [new Error("x"), false],
  [null, false],
])("isUnsent %j is %s", (error, expected) => {
  expect(isUnsent(error)).toBe(expected);
});

it("isUnsent comes to an end with an error that is its own cause", () => {
  const error = new Error("x");
  error.cause = error;
  expect(isUnsent(error)).toBe(false);
});
