/**
 * Every way a storage call can fail.
 *
 * - `invalid-key` `invalid-option` `invalid-range`: the caller's input, refused before anything was written
 * - `not-found` `not-modified` `precondition-failed` `conflict`: what the store holds does not fit the call
 * - `bucket-not-found` `unauthenticated` `denied`: configuration or rights
 * - `partial`: some keys of a batch failed, see {@link StorageError.deleted} and {@link StorageError.errors}
 * - `too-large` `unsupported`: the store or this driver cannot do it
 * - `timeout` `unavailable`: the store did not answer, or answered that it cannot now
 * - `interrupted`: the body of an upload failed before its end, as that of a client which is gone; `cause` is what it failed with
 * - `corrupt`: bytes are not what they should be
 * - `ambiguous`: nothing can say whether a write holds: its answer was lost, or the disk did not confirm that it will keep it
 * - `unknown`: none of these
 */
export type ErrorCode =
  | "invalid-key"
  | "invalid-option"
  | "invalid-range"
  | "not-found"
  | "not-modified"
  | "bucket-not-found"
  | "unauthenticated"
  | "denied"
  | "precondition-failed"
  | "conflict"
  | "partial"
  | "too-large"
  | "unsupported"
  | "timeout"
  | "unavailable"
  | "interrupted"
  | "corrupt"
  | "ambiguous"
  | "unknown";

/** What an HTTP store answered, without anything that could hold a secret. */
export interface StoreResponse {
  /** Of HTTP. */
  readonly status: number;
  /** The store's own error code, such as `SlowDown`. */
  readonly code?: string;
  /** What the store's operator finds the request by. */
  readonly requestId?: string;
}

/** Where a call failed: the verb, its key and the driver. */
export interface Place {
  /** The verb, such as `upload`. */
  readonly operation?: string | undefined;
  /** As the caller passed it. */
  readonly key?: string | undefined;
  /** Its name, such as `s3`. */
  readonly driver?: string | undefined;
}

/** One key of a batch that failed. */
export interface KeyFailure {
  /** As the caller passed it, or as the source of a copy lists it. */
  readonly key: string;
  /** Why. */
  readonly error: StorageError;
}

/** What a {@link StorageError} carries besides its code and message. */
export interface StorageErrorInit extends Place {
  /** Whether the same call may succeed later. Default: true for `timeout` and `unavailable`. */
  readonly retryable?: boolean | undefined;
  /** What the store answered. */
  readonly response?: StoreResponse | undefined;
  /** What was thrown below. */
  readonly cause?: unknown;
  /** With `partial`: the keys that were deleted. */
  readonly deleted?: readonly string[] | undefined;
  /** With `partial`: the keys that failed, each with its error. */
  readonly errors?: readonly KeyFailure[] | undefined;
}

const BRAND = Symbol.for("unbucket.StorageError");

/**
 * The one error that every verb rejects with, except an abort, which rejects with the signal's own reason.
 * It has no `status`, which web frameworks would copy into the app's answer: see `toResponse` in `unbucket/respond`.
 */
export class StorageError extends Error {
  /** What went wrong, to be switched on; messages may change. */
  readonly code: ErrorCode;
  /** The verb that failed, such as `upload`. */
  declare readonly operation?: string;
  /** As the caller passed it. */
  declare readonly key?: string;
  /** Its name, such as `s3`. */
  declare readonly driver?: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** What the store answered; absent when it did not, and where none was asked. */
  declare readonly response?: StoreResponse;
  /** With `partial`, and then always: the keys that were deleted. */
  declare readonly deleted?: readonly string[];
  /** With `partial`, and then always: the keys that failed, each with its error. */
  declare readonly errors?: readonly KeyFailure[];

  constructor(code: ErrorCode, message: string, init: StorageErrorInit = {}) {
    super(message, "cause" in init ? { cause: init.cause } : undefined);
    this.name = "StorageError";
    this.code = code;
    this.retryable = code === "timeout" || code === "unavailable";
    if (code === "partial") Object.assign(this, { deleted: [], errors: [] });
    // Only what is known becomes a property, so that a printed error shows no row of undefined.
    for (const [name, value] of Object.entries(init)) {
      if (name !== "cause" && value !== undefined) Object.assign(this, { [name]: value });
    }
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether a value is a StorageError, also one made by another copy of this package. `code` then tells what else it has. */
  static is(error: unknown): error is StorageFailure {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}

/** A batch of which some keys failed. */
export interface PartialFailure extends StorageError {
  readonly code: "partial";
  readonly deleted: readonly string[];
  readonly errors: readonly KeyFailure[];
}

/** Every {@link StorageError}, told apart by `code`. */
export type StorageFailure = PartialFailure | (StorageError & { readonly code: Exclude<ErrorCode, "partial"> });

/** Whether a failure has this code. */
export function hasCode(error: unknown, code: ErrorCode): error is StorageFailure {
  return StorageError.is(error) && error.code === code;
}

/** What was thrown as a StorageError, of which it becomes the cause unless it is one. */
export function storageError(error: unknown): StorageError {
  if (StorageError.is(error)) return error;
  return new StorageError("unknown", messageOf(error), { cause: error });
}

/**
 * Adds what the thrower could not know (verb, key, driver) to an error, once, and puts it before the message.
 * A StorageError stays the same object, so that subclasses keep what they carry. Without a place nothing is added.
 */
export function locate(error: unknown, place: Place | undefined): StorageError {
  const known = storageError(error);
  if (!place?.operation || known.operation !== undefined) return known;
  const key = known.key ?? place.key ?? undefined;
  const where = [place.driver, place.operation, key === undefined ? undefined : quoted(key)];
  const { operation, driver } = place;
  return Object.assign(known, { operation }, driver && { driver }, key === undefined ? {} : { key }, {
    message: `${where.filter(Boolean).join(" ")}: ${known.message}`,
  });
}

/** Has a condition that does not hold name the key that it is of, where a call has two; whatever it was, it is thrown on. */
export function refusedAt(key: string): (error: unknown) => never {
  return (error) => {
    throw hasCode(error, "precondition-failed") ? Object.assign(error, { key: error.key ?? key }) : error;
  };
}

/** A key as messages have it. */
export function quoted(key: string): string {
  return JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
}

/** The failure of some of many: what was said, with the first reason; worth another try when each of them is. */
export function partial(said: string, errors: readonly KeyFailure[], deleted: readonly string[] = []): StorageError {
  const retryable = errors.every(({ error }) => error.retryable);
  return new StorageError("partial", `${said}; first: ${errors[0]?.error.message}`, { deleted, errors, retryable });
}

/** The codes of stores that have no room left, of all or of a bucket: MinIO's, and that of Ceph. */
export const FULL_CODES: readonly string[] = ["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"];
/** What the system says of a full disk, and of a quota. */
const FULL_ERRNOS: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/** Whether the store has no room, for one file that is larger than it allows (`EFBIG`) or, with `atAll`, for no other either. */
export function isFull(error: unknown, atAll: boolean = false): boolean {
  if (!hasCode(error, "unavailable") || error.retryable) return false;
  const { cause, response } = error;
  if (response) return response.status === 507 || FULL_CODES.includes(response.code ?? "");
  const errno = (cause as { code?: unknown } | undefined)?.code;
  return FULL_ERRNOS.includes(errno) || (!atAll && errno === "EFBIG");
}

/** Null in place of `not-found`; whatever else it was, it is thrown on. */
export function nullIfAbsent(error: unknown): null {
  if (hasCode(error, "not-found")) return null;
  throw error;
}

/** Throws the failure of a body under one name, since each runtime has an error of its own for a client that is gone; a StorageError as it is. */
export function brokenOff(cause: unknown): never {
  if (StorageError.is(cause)) throw cause;
  throw new StorageError("interrupted", `the body broke off: ${messageOf(cause)}`, { cause });
}

/** Throws the failure of a body that came from a store: that one broke off, and no caller; all else as it is. */
export function storeBroke(error: unknown): never {
  if (!hasCode(error, "interrupted")) throw error;
  const { cause } = error;
  throw new StorageError("unavailable", `the object that was read broke off: ${messageOf(cause)}`, { cause });
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === "string" ? message : String(thrown);
}

/** The failure of a verb that needs the object. */
export function notFound(key: string): StorageError {
  return new StorageError("not-found", "there is no object with this key", { key });
}
