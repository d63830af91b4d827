import type { ByteRange } from "../backend.ts";

/**
 * Parses a `Range` header with one range. `"none"` if no byte can satisfy it. Null if the header is to be ignored: it
 * is absent, malformed, in another unit, or has several ranges (RFC 9110 §14.2 allows to ignore them, and many
 * overlapping ranges are a known denial-of-service attack).
 */
export function parseRange(header: string | null): ByteRange | "none" | null {
  const match = /^bytes=[\t ]*(\d*)-(\d*)[\t ]*$/i.exec(header ?? "");
  if (match === null) return null;
  const [, first = "", last = ""] = match;
  if (first === "") {
    if (last === "") return null;
    const suffix = Math.min(Number(last), Number.MAX_SAFE_INTEGER);
    return suffix === 0 ? "none" : { suffix };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (!Number.isSafeInteger(start)) return "none";
  const end = Number(last);
  return last === "" || !Number.isSafeInteger(end) ? { start } : { start, end };
}
