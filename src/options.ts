/** Checks of what callers pass to the verbs, before anything is asked of a store. */
import type { ObjectHeaders } from "./backend.ts";
import { StorageError } from "./error.ts";

/**
 * The most bytes that names and values of user metadata take together.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 */
export const MAX_METADATA_BYTES = 2048;

const encoder = new TextEncoder();

/** Refuses an option with what was wrong and what to do. */
export function refuse(option: string, why: string): StorageError {
  return new StorageError("invalid-option", `${option} ${why}`);
}

/** A whole number within bounds; rejects `invalid-option`. */
export function wholeNumber(option: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw refuse(option, `must be a whole number from ${least} to ${most}, not ${String(value)}`);
  }
  return value;
}

/** The headers that travel with an object, checked and in canonical form. */
export function objectHeaders(options: ObjectHeaders): ObjectHeaders {
  return {
    ...headerValue("contentType", options.contentType),
    ...headerValue("contentEncoding", options.contentEncoding),
    ...headerValue("contentLanguage", options.contentLanguage),
    ...headerValue("contentDisposition", options.contentDisposition),
    ...headerValue("cacheControl", options.cacheControl),
    ...(options.metadata === undefined ? {} : { metadata: userMetadata(options.metadata) }),
  };
}

function headerValue(name: keyof ObjectHeaders, value: string | undefined): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== "string" || !/^[\x20-\x7E]+$/.test(value) || value !== value.trim()) {
    throw refuse(
      name,
      "must be printable ASCII without spaces at its ends, since it is an HTTP header (encode a file name as RFC 5987 says)",
    );
  }
  return { [name]: value };
}

/** User metadata with lower-case names in an object without prototype; rejects `invalid-option`. */
export function userMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const checked = emptyMetadata();
  let bytes = 0;
  for (const [name, value] of Object.entries(metadata)) {
    const lower = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower))
      throw refuse(`metadata name ${JSON.stringify(name)}`, "must be a header token: letters, digits, - and _");
    if (typeof value !== "string") throw refuse(`metadata ${lower}`, `must be a string, not ${typeof value}`);
    if (/[\p{Cc}\p{Cs}]/u.test(value))
      throw refuse(`metadata ${lower}`, "must not have control characters, line breaks or lone surrogates");
    if (value !== value.trim())
      throw refuse(`metadata ${lower}`, "must not begin or end with a space, which stores drop");
    if (lower in checked) throw refuse(`metadata ${lower}`, "is given twice in different case");
    bytes += lower.length + encoder.encode(value).length;
    checked[lower] = value;
  }
  if (bytes > MAX_METADATA_BYTES) throw refuse("metadata", `takes ${bytes} bytes, at most ${MAX_METADATA_BYTES} fit`);
  // A driver may keep this very object, and readers are given it.
  return Object.freeze(checked);
}

/** Metadata to be filled: without a prototype, so that `__proto__` is a name like any other. */
export function emptyMetadata(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}
