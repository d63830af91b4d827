/** Which keys are valid, and how object keys and key-value keys name the same object. */
import type { Key } from "./backend.ts";
import { StorageError } from "./error.ts";
import { encodeRfc3986 } from "./sigv4/encode.ts";
import { isLonger, toUtf8 } from "./utf8.ts";

/**
 * The longest key in UTF-8 bytes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
export const MAX_KEY_BYTES = 1024;

/** Checks an object key; throws `invalid-key`. Every driver accepts exactly the same keys. */
export function parseKey(key: string): Key {
  if (key === "") throw invalid(key, "a key must not be empty");
  return check(key, "key") as Key;
}

/** Checks a prefix, which unlike a key may be empty or end within a segment; throws `invalid-key`. */
export function parsePrefix(prefix: string): string {
  return check(prefix, "prefix");
}

function check(key: string, what: "key" | "prefix"): string {
  if (typeof key !== "string")
    throw invalid(String(key), `a ${what} is a string, not ${key === null ? "null" : typeof key}`);
  // With the u flag a surrogate pair is one character above this range, so only a lone surrogate matches.
  if (/[\ud800-\udfff]/u.test(key)) throw invalid(key, `a ${what} must not have a lone surrogate`);
  if (isLonger(key, MAX_KEY_BYTES))
    throw invalid(key, `a ${what} has at most ${MAX_KEY_BYTES} UTF-8 bytes, this one has ${toUtf8(key).length}`);
  // URL parsers resolve such segments before a request is signed, so it would be for another object. The last segment
  // of a prefix may be incomplete: "a/." is a prefix of "a/.env".
  if (/(^|\/)\.\.?\//.test(what === "key" ? `${key}/` : key))
    throw invalid(key, `a ${what} must not have a "." or ".." segment`);
  return key;
}

function invalid(key: string, message: string): StorageError {
  return new StorageError("invalid-key", message, { key });
}

/** The object key (`a/b`) that a key-value key (`a:b`) addresses. */
export function toObjectKey(kvKey: string): string {
  return kvKey.replaceAll(":", "/");
}

/**
 * The key-value key that addresses an object key, or null if none does: unstorage drops what follows a `?`, reads `\`
 * as a separator, collapses repeated separators and trims them at both ends.
 */
export function toKvKey(objectKey: string): string | null {
  if (/[:?\\]/.test(objectKey)) return null;
  return objectKey.split("/").includes("") ? null : objectKey.replaceAll("/", ":");
}

/** Joins a base and a rest with exactly one `/`. An empty base adds nothing. */
export function joinBase(base: string, rest: string): string {
  const trimmed = base.replace(/\/+$/, "");
  return trimmed === "" ? rest : `${trimmed}/${rest}`;
}

/** Percent-encodes a key for a URL path: everything but RFC 3986's unreserved characters and `/`. */
export function encodePath(key: string): string {
  // Most keys need no encoding.
  return /^[\w.~/-]*$/.test(key) ? key : encodeRfc3986(key).replaceAll("%2F", "/");
}

/**
 * Orders keys by their UTF-8 bytes, as S3 lists them; JavaScript's own order is by UTF-16 units, which differs above
 * U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

// Surrogates encode the code points above all others.
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
