/** What conditions are compared with. */
export interface Validators {
  readonly etag: string;
  readonly lastModified?: Date;
}

/** What the conditions of a request decide. */
export type Verdict = "send" | "not-modified" | "failed";

/** The conditions that the store can check itself; {@link evaluate} checks all. */
export interface StoreConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** `If-Match` and `If-None-Match` for the store, where each has exactly one entity tag of a form that stores use. */
export function storeConditions(headers: Headers): StoreConditions {
  const match = tags(headers.get("if-match"));
  const noneMatch = tags(headers.get("if-none-match"));
  const [only] = match ?? [];
  const [other] = noneMatch ?? [];
  return {
    ...(match?.length === 1 && only !== undefined && STRONG.test(only) && { ifMatch: only }),
    // A failed If-Match or If-Unmodified-Since has priority (412). A store that checks this first, as MinIO does, would
    // hide it.
    ...(match === null &&
      noneMatch?.length === 1 &&
      other !== undefined &&
      STRONG.test(opaque(other)) &&
      !unmodifiedSinceCounts(headers) && { ifNoneMatch: opaque(other) }),
  };
}

/** Evaluates all conditions except `If-Range`, in the order of RFC 9110 §13.2.2. */
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

/** Whether a range may be sent: there is no `If-Range`, or it names this version (by strong tag or exact date). */
export function ifRangeHolds(headers: Headers, object: Validators): boolean {
  const value = headers.get("if-range");
  if (value === null) return true;
  const date = seconds(value);
  if (date !== null)
    return object.lastModified !== undefined && Math.floor(object.lastModified.getTime() / 1000) === date;
  return strongEqual(value.trim(), object.etag);
}

/** The entity tags that stores use. A client may send others, such as one with a space, which match no object. */
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

/**
 * Seconds since 1970; null for a date in another format than that of RFC 9110 §5.6.7: `Date.parse` takes `1` for the
 * year 2001.
 */
function seconds(value: string | null): number | null {
  if (value === null || !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(value.trim())) return null;
  const time = Date.parse(value.trim());
  return Number.isNaN(time) ? null : time / 1000;
}

/** Whether conditions accept this as a date. */
export function isDate(value: string): boolean {
  return seconds(value) !== null;
}

function isLater(date: Date | undefined, than: string | null): boolean {
  const limit = seconds(than);
  return limit !== null && date !== undefined && Math.floor(date.getTime() / 1000) > limit;
}
