/**
 * What R2's binding throws, as errors with codes.
 * @see https://developers.cloudflare.com/r2/api/error-codes/
 */
import { type ErrorCode, hasCode, StorageError } from "../../src/error.ts";
import type { Failure } from "../../src/retry.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ...{ 10001: "unavailable", 10002: "unauthenticated", 10003: "denied", 10006: "bucket-not-found", 10007: "not-found" },
  ...{ 10011: "invalid-option", 10012: "invalid-option", 10013: "unavailable", 10020: "invalid-key" },
  ...{ 10024: "not-found", 10025: "invalid-option", 10031: "precondition-failed", 10037: "corrupt" },
  ...{ 10039: "invalid-range", 10042: "denied", 10043: "unavailable", 10048: "invalid-option", 10054: "unavailable" },
  ...{ 10058: "unavailable", 10069: "denied", 100100: "too-large" },
};

/** R2's errors have their number at the end of the message; those of the runtime between, such as a lost connection, have none. */
export function rethrow(thrown: unknown, signal?: AbortSignal): never {
  signal?.throwIfAborted();
  const error = hasCode(thrown, "interrupted") ? thrown.cause : thrown;
  if (StorageError.is(error) || !isError(error)) throw error;
  const number = /\((\d{5,6})\)$/.exec(error.message)?.[1];
  const code = number === undefined ? (error.name === "TypeError" ? "unknown" : "unavailable") : CODES[number];
  throw new StorageError(code ?? "unknown", error.message, { cause: error });
}

/** By what it has: where tests in Jest ask a binding of miniflare's, its errors are of another realm. */
function isError(error: unknown): error is Error {
  return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string";
}

/** What may be tried again, and what certainly did not begin. */
export function judge(error: unknown): Failure {
  const retryable = StorageError.is(error) && error.retryable;
  // R2 says of these that it did not begin.
  return { error, retryable, kind: /\((10043|10058)\)$/.test(String(error)) ? "throttled" : "transient" };
}
