/**
 * Turns what R2's binding throws into errors with codes.
 * @see https://developers.cloudflare.com/r2/api/error-codes/
 */
import { type ErrorCode, hasCode, StorageError } from "../../src/error.ts";
import type { Failure } from "../../src/retry.ts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  10001: "unavailable",
  10002: "unauthenticated",
  10003: "denied",
  10006: "bucket-not-found",
  10007: "not-found",
  10011: "invalid-option",
  10012: "invalid-option",
  10013: "unavailable",
  10020: "invalid-key",
  10024: "not-found",
  10025: "invalid-option",
  10031: "precondition-failed",
  10037: "corrupt",
  10039: "invalid-range",
  10042: "denied",
  10043: "unavailable",
  10048: "invalid-option",
  10054: "unavailable",
  10058: "unavailable",
  10069: "denied",
  100100: "too-large",
};

/**
 * Throws an error of the binding with its code. R2 puts a number at the end of the message; a lost connection has none.
 */
export function rethrow(thrown: unknown, signal?: AbortSignal): never {
  signal?.throwIfAborted();
  const error = hasCode(thrown, "interrupted") ? thrown.cause : thrown;
  if (StorageError.is(error) || !isError(error)) throw error;
  const number = /\((\d{5,6})\)$/.exec(error.message)?.[1];
  const code = number === undefined ? (error.name === "TypeError" ? "unknown" : "unavailable") : CODES[number];
  throw new StorageError(code ?? "unknown", error.message, { cause: error });
}

/** By structure: in Jest the errors of a miniflare binding are of another realm. */
function isError(error: unknown): error is Error {
  return typeof error === "object" && error !== null && "message" in error && typeof error.message === "string";
}

/** Whether an attempt may be repeated, and whether it is certain not to have begun (`throttled`). */
export function judge(error: unknown): Failure {
  const retryable = StorageError.is(error) && error.retryable;
  // With these two numbers R2 says that it has not begun.
  return { error, retryable, kind: /\((10043|10058)\)$/.test(String(error)) ? "throttled" : "transient" };
}
