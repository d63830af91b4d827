/** Byte ranges: their checks, their bytes in an object of known size, and their headers. */
import type { ByteRange } from "./backend.ts";
import { StorageError } from "./error.ts";

/** A range within an object of known size. */
export interface Span {
  /** Position of the first byte, from 0. */
  readonly start: number;
  /** Position of the last byte, inclusive. */
  readonly end: number;
}

/** Checks a caller's range; throws `invalid-range`. */
export function parseRange(range: ByteRange): ByteRange {
  if (typeof range === "object" && range !== null && isRange(range)) return range;
  throw invalid("it must be { start, end } in whole numbers, end not below start; or { suffix } alone, above 0");
}

/**
 * The bytes that a range covers in an object of `size` bytes; throws `invalid-range` if there are none (RFC 9110,
 * 14.1.2).
 */
export function resolveRange(range: ByteRange, size: number): Span {
  const start = "suffix" in range ? Math.max(0, size - range.suffix) : range.start;
  if (start >= size) throw invalid(`it begins at byte ${start}, the object has ${size} bytes`);
  const end = "suffix" in range ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  return { start, end };
}

/** The value of a `Range` request header. */
export function rangeHeader(range: ByteRange): string {
  return "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ""}`;
}

/**
 * Parses a `Content-Range` header such as `bytes 0-9/100`; null if it is absent, malformed, or without the total size.
 */
export function parseContentRange(header: string | null): (Span & { readonly size: number }) | null {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(header ?? "");
  if (!match) return null;
  const [start, end, size] = match.slice(1).map(Number) as [number, number, number];
  return start <= end && end < size ? { start, end, size } : null;
}

function isRange(range: ByteRange): boolean {
  if (Object.keys(range).some((name) => !/^(start|end|suffix)$/.test(name))) return false;
  if ("suffix" in range) return !("start" in range || "end" in range) && isCount(range.suffix) && range.suffix > 0;
  const { start, end = start } = range;
  return isCount(start) && isCount(end) && start <= end;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function invalid(why: string): StorageError {
  return new StorageError("invalid-range", `this range cannot be served: ${why}`);
}
