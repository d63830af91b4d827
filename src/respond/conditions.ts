/** What a condition is about. */
export interface Validators {
  readonly etag: string;
  readonly lastModified?: Date;
}

/** What the conditions of a request say of the object that is there. */
export type Verdict = "send" | "not-modified" | "failed";

/** The conditions that a store can be asked to check; what it cannot is left to {@link evaluate}. */
export interface StoreConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** The single entity tags of `If-Match` and `If-None-Match`, which a store compares by itself if they can be its own. */
export function storeConditions(headers: Headers): StoreConditions {
  const match = tags(headers.get("if-match"));
  const noneMatch = tags(headers.get("if-none-match"));
  const [only] = match ?? [];
  const [other] = noneMatch ?? [];
  return {
    ...(match?.length === 1 && only !== undefined && STRONG.test(only) && { ifMatch: only }),
    // A false If-Match or If-Unmodified-Since comes first and is 412, which a store that says `not-modified` would hide, as MinIO does.
    ...(match === null &&
      noneMatch?.length === 1 &&
      other !== undefined &&
      STRONG.test(opaque(other)) &&
      !unmodifiedSinceCounts(headers) && { ifNoneMatch: opaque(other) }),
  };
}

/** Evaluates all conditions but `If-Range` in the order of RFC 9110 §13.2.2. */
export function evaluate(headers: Headers, object: Validators): Verdict {
  const match = headers.get("if-match");
  if (match !== null) {
    if (!isAny(match) && !tags(match)?.some((tag) => strongEqual(tag, object.etag))) return "failed";
  } else if (isLater(object.lastModified, headers.get("if-unmodified-since"))) return "failed";

  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) {
    const same = isAny(noneMatch) || tags(noneMatch)?.some((tag) => opaque(tag) === opaque(object.etag));
    return same ? "not-modified" : "send";
  }
  const since = headers.get("if-modified-since");
  if (seconds(since) !== null && object.lastModified !== undefined && !isLater(object.lastModified, since))
    return "not-modified";
  return "send";
}

/** Whether a range may be sent: there is no `If-Range`, or it names this very version (strong tag, or the exact date). */
export function ifRangeHolds(headers: Headers, object: Validators): boolean {
  const value = headers.get("if-range");
  if (value === null) return true;
  const date = seconds(value);
  if (date !== null)
    return object.lastModified !== undefined && Math.floor(object.lastModified.getTime() / 1000) === date;
  return strongEqual(value.trim(), object.etag);
}

/** What a store takes for a tag; no object has another one, such as a client may send with a space in it. */
const STRONG = /^"[\x21\x23-\x7e]*"$/;

function unmodifiedSinceCounts(headers: Headers): boolean {
  return !headers.has("if-match") && headers.has("if-unmodified-since");
}

function tags(value: string | null): string[] | null {
  if (value === null || isAny(value)) return null;
  return Array.from(value.matchAll(/(?:W\/)?"[^"]*"/g), ([tag]) => tag);
}

function isAny(value: string): boolean {
  return value.trim() === "*";
}

function isWeak(tag: string): boolean {
  return tag.startsWith("W/");
}

function opaque(tag: string): string {
  return isWeak(tag) ? tag.slice(2) : tag;
}

function strongEqual(one: string, other: string): boolean {
  return one === other && !isWeak(one);
}

/** Only the date format that RFC 9110 §5.6.7 lets a sender use; `Date.parse` alone takes `1` for the year 2001. */
function seconds(value: string | null): number | null {
  if (value === null || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(value.trim())) return null;
  const time = Date.parse(value.trim());
  return Number.isNaN(time) ? null : time / 1000;
}

/** Whether this is a date as conditions have it. */
export function isDate(value: string): boolean {
  return seconds(value) !== null;
}

function isLater(date: Date | undefined, than: string | null): boolean {
  const limit = seconds(than);
  return limit !== null && date !== undefined && Math.floor(date.getTime() / 1000) > limit;
}
