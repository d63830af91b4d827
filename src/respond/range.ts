import type { ByteRange } from "../backend.ts";

/**
 * The one range that a `Range` header asks for, `"none"` when no byte can satisfy it, or null when the header is to be
 * ignored: absent, malformed, another unit, or more than one range (RFC 9110 §14.2 leaves that to the server, and many
 * overlapping ranges are a known way to keep one busy).
 */
export function parseRange(header: string | null): ByteRange | "none" | null {
  const match = header === null || header.includes(",") ? null : /^bytes=[\t ]*(\d*)-(\d*)[\t ]*$/i.exec(header);
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
