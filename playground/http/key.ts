/** Object keys out of request targets, exactly as they were sent. */
import type { H3Event } from "h3";
import { Refused } from "./errors.ts";

/** A request's target, neither decoded nor normalised. */
export interface Target {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/**
 * The target as it came over the wire. URL parsing folds `..` and `%2e%2e` away, which would silently turn one key
 * into another, so Node's own copy is used where there is one.
 */
export function targetOf(event: H3Event): Target {
  const wire = event.req.runtime?.node?.req.url;
  const target = wire?.startsWith("/") ? wire : pathAndQuery(event.req.url);
  const mark = target.indexOf("?");
  return mark === -1 ? { path: target, query: "" } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Whether a target lies at or below a mount path. */
export function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`);
}

/** The key of a request: what follows `base/` in the path, or `?key=`; null when there is neither. */
export function keyOf(event: H3Event, base: string): string | null {
  const { path, query } = targetOf(event);
  const rest = path.slice(base.length + 1);
  const named = queryValue(query, "key");
  if (rest === "") return named === null ? null : decode(named.replaceAll("+", " "));
  if (named === null) return decode(rest);
  throw new Refused(400, "invalid-key", "The key is in the path and in ?key=. Send it in one of them.");
}

/** The address of a key below a mount path; keys with empty segments travel as `?key=`, which no proxy folds. */
export function pathOf(base: string, key: string): string {
  const segments = key.split("/");
  if (segments.includes("")) return `${base}?key=${encodeURIComponent(key)}`;
  return `${base}/${segments.map(encodeURIComponent).join("/")}`;
}

function pathAndQuery(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start === -1 ? "/" : url.slice(start);
}

function queryValue(query: string, name: string): string | null {
  const found = query.split("&").find((pair) => pair === name || pair.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function decode(raw: string): string {
  // Node hands over bytes that were not percent-encoded as Latin-1.
  const ascii = raw.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  try {
    return decodeURIComponent(ascii);
  } catch {
    throw new Refused(
      400,
      "invalid-key",
      "The key is not percent-encoded UTF-8. Encode it with encodeURIComponent; a lone % is %25.",
    );
  }
}
