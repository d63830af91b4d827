/** Assertions without a test runner. */
import { StorageError, type ErrorCode } from "../error.ts";

/** The error of a case whose driver breaks the contract. */
export class ConformanceError extends Error {
  /** The name that test runners print before the message. */
  override readonly name = "ConformanceError";
}

/** Throws unless the condition holds. */
export function ok(condition: unknown, what: string): asserts condition {
  if (!condition) throw new ConformanceError(what);
}

/**
 * Throws unless both have the same structure and values; also for byte arrays, dates and objects without a prototype.
 */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [canonical(actual), canonical(expected)];
  if (left !== right) throw new ConformanceError(`${what}: expected ${short(right)}, got ${short(left)}`);
}

/** Throws unless both have the same bytes; the message tells the first difference. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (actual.byteLength !== expected.byteLength) {
    throw new ConformanceError(`${what}: expected ${expected.byteLength} bytes, got ${actual.byteLength}`);
  }
  for (let at = 0; at < expected.byteLength; at++) {
    if (actual[at] !== expected[at])
      throw new ConformanceError(`${what}: byte ${at} is ${actual[at]}, expected ${expected[at]}`);
  }
}

/** Throws unless the call rejects (and does not throw) with a StorageError of this code; returns the error. */
export async function rejects(code: ErrorCode, call: () => Promise<unknown>, what: string): Promise<StorageError> {
  const error = await failure(call, what);
  ok(StorageError.is(error), `${what}: expected a StorageError, got ${describe(error)}`);
  same(error.code, code, `${what}: code of "${error.message}"`);
  return error;
}

/** Throws unless the call rejects with exactly this value. */
export async function rejectsWith(reason: unknown, call: () => Promise<unknown>, what: string): Promise<void> {
  const error = await failure(call, what);
  ok(error === reason, `${what}: expected the signal's own reason, got ${describe(error)}`);
}

/** Returns what a call rejects with; throws if it resolves. */
export async function failure(call: () => Promise<unknown>, what: string): Promise<unknown> {
  const promise = call();
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new ConformanceError(`${what}: expected a rejection, got ${short(canonical(value))}`);
}

/** The value of a promise; rejects if it takes longer than ten seconds. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceError(`${what}: nothing happened for ten seconds`)), 10_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function canonical(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes[${value.join(",")}]`;
  if (value instanceof Date) return `date(${value.toISOString()})`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const sorted = entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).sort();
  return `{${sorted.join(",")}}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text;
}
