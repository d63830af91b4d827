/**
 * Every way a storage call can fail.
 *
 * - `invalid-key` `invalid-option` `invalid-range`: the caller's input was refused, and nothing was written
 * - `not-found` `not-modified` `precondition-failed` `conflict`: the call does not fit what is stored
 * - `bucket-not-found` `unauthenticated` `denied`: wrong configuration, or missing rights
 * - `partial`: some keys of a batch failed, see {@link StorageError.deleted} and {@link StorageError.errors}
 * - `too-large` `unsupported`: the store or the driver cannot do it
 * - `timeout` `unavailable`: the store did not answer, or said that it cannot now
 * - `interrupted`: the body of an upload failed before its end, for example because the client is gone; see `cause`
 * - `corrupt`: bytes or an answer of the store are damaged or incomplete
 * - `ambiguous`: a write may or may not have taken effect: its answer was lost, or the disk did not confirm it
 * - `unknown`: anything else
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

/** The answer of an HTTP store, without anything that could hold a secret. */
export interface StoreResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The store's own error code, such as `SlowDown`. */
  readonly code?: string;
  /** The store's id of the request, by which its operator can find it. */
  readonly requestId?: string;
}

/** Where a call failed: verb, key and driver. */
export interface Place {
  /** The verb, such as `upload`. */
  readonly operation?: string | undefined;
  /** The key as the caller passed it. */
  readonly key?: string | undefined;
  /** The name of the driver, such as `s3`. */
  readonly driver?: string | undefined;
}

/** A key of a batch that failed. */
export interface KeyFailure {
  /** The key as the caller passed it, or for `copyAll` as the source lists it. */
  readonly key: string;
  /** Why it failed. */
  readonly error: StorageError;
}

/** What a {@link StorageError} can be given besides its code and message. */
export interface StorageErrorInit extends Place {
  /** Whether the same call may succeed later. Default: true for `timeout` and `unavailable`, else false. */
  readonly retryable?: boolean | undefined;
  /** The store's answer. */
  readonly response?: StoreResponse | undefined;
  /** The error that caused this one. */
  readonly cause?: unknown;
  /** With `partial`: the keys that were deleted. */
  readonly deleted?: readonly string[] | undefined;
  /** With `partial`: the keys that failed, each with its error. */
  readonly errors?: readonly KeyFailure[] | undefined;
}

const BRAND = Symbol.for("unbucket.StorageError");

/**
 * The one class of error that verbs reject with; only an aborted call rejects with the signal's own reason instead. It
 * has no `status`, which web frameworks would copy into the app's answer: `toResponse` of `unbucket/respond` makes an
 * answer.
 */
export class StorageError extends Error {
  /** What went wrong. Branch on this: messages may change between versions. */
  readonly code: ErrorCode;
  /** The verb that failed, such as `upload`. */
  declare readonly operation?: string;
  /** The key as the caller passed it. */
  declare readonly key?: string;
  /** The name of the driver, such as `s3`. */
  declare readonly driver?: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** The store's answer; absent if there was none, or no request. */
  declare readonly response?: StoreResponse;
  /** Present if and only if `code` is `partial`: the keys that were deleted. */
  declare readonly deleted?: readonly string[];
  /** Present if and only if `code` is `partial`: the keys that failed, each with its error. */
  declare readonly errors?: readonly KeyFailure[];

  constructor(code: ErrorCode, message: string, init: StorageErrorInit = {}) {
    super(message, "cause" in init ? { cause: init.cause } : undefined);
    this.name = "StorageError";
    this.code = code;
    this.retryable = code === "timeout" || code === "unavailable";
    if (code === "partial") Object.assign(this, { deleted: [], errors: [] });
    // Only known values become properties, so that a printed error does not list undefined ones.
    for (const [name, value] of Object.entries(init)) {
      if (name !== "cause" && value !== undefined) Object.assign(this, { [name]: value });
    }
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether a value is a StorageError, even of another copy of this package. Narrows by `code`. */
  static is(error: unknown): error is StorageFailure {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}

/** The {@link StorageError} of a batch in which some keys failed. */
export interface PartialFailure extends StorageError {
  readonly code: "partial";
  readonly deleted: readonly string[];
  readonly errors: readonly KeyFailure[];
}

/** Any {@link StorageError}, as a union that `code` discriminates. */
export type StorageFailure = PartialFailure | (StorageError & { readonly code: Exclude<ErrorCode, "partial"> });

/** Whether an error is a StorageError with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is StorageFailure {
  return StorageError.is(error) && error.code === code;
}

/** Whatever was thrown, as a StorageError: itself if it is one, else the cause of an `unknown` one. */
export function storageError(error: unknown): StorageError {
  if (StorageError.is(error)) return error;
  return new StorageError("unknown", messageOf(error), { cause: error });
}

/**
 * Adds verb, key and driver to an error, and puts them before its message. An error that has a verb already, and any
 * error when there is no place, stays as it is. A StorageError remains the same object, so that subclasses keep their
 * properties; anything else becomes the `cause` of an `unknown` one.
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

/**
 * Adds the key to a `precondition-failed` of a call with two keys, to say which of them it is about; rethrows every
 * error.
 */
export function refusedAt(key: string): (error: unknown) => never {
  return (error) => {
    throw hasCode(error, "precondition-failed") ? Object.assign(error, { key: error.key ?? key }) : error;
  };
}

/** A key as messages show it. */
export function quoted(key: string): string {
  return JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
}

/** A `partial` error: `said` and the first reason; retryable if each of the failures is. */
export function partial(said: string, errors: readonly KeyFailure[], deleted: readonly string[] = []): StorageError {
  const retryable = errors.every(({ error }) => error.retryable);
  return new StorageError("partial", `${said}; first: ${errors[0]?.error.message}`, { deleted, errors, retryable });
}

/** The codes of stores without room, as a whole or in one bucket: of MinIO (two) and Ceph. */
export const FULL_CODES: readonly string[] = ["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"];
/** The system's codes for a full disk and an exceeded quota. */
const FULL_ERRNOS: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/**
 * Whether the store has no room for an object; with `atAll` for any: a limit on a single file (`EFBIG`) does not count
 * then.
 */
export function isFull(error: unknown, atAll: boolean = false): boolean {
  if (!hasCode(error, "unavailable") || error.retryable) return false;
  const { cause, response } = error;
  if (response) return response.status === 507 || FULL_CODES.includes(response.code ?? "");
  const errno = (cause as { code?: unknown } | undefined)?.code;
  return FULL_ERRNOS.includes(errno) || (!atAll && errno === "EFBIG");
}

/** Turns `not-found` into null; rethrows every other error. */
export function nullIfAbsent(error: unknown): null {
  if (hasCode(error, "not-found")) return null;
  throw error;
}

/**
 * Throws a StorageError as it is, anything else as `interrupted`: each runtime has another error for a client that is
 * gone.
 */
export function brokenOff(cause: unknown): never {
  if (StorageError.is(cause)) throw cause;
  throw new StorageError("interrupted", `the body broke off: ${messageOf(cause)}`, { cause });
}

/**
 * Turns `interrupted` into `unavailable` where the body came from a store and not from a caller; rethrows every other
 * error.
 */
export function storeBroke(error: unknown): never {
  if (!hasCode(error, "interrupted")) throw error;
  const { cause } = error;
  throw new StorageError("unavailable", `the object that was read broke off: ${messageOf(cause)}`, { cause });
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  const { message } = (thrown ?? {}) as { readonly message?: unknown };
  return typeof message === "string" ? message : String(thrown);
}

/** The error of a verb that needs the object. */
export function notFound(key: string): StorageError {
  return new StorageError("not-found", "there is no object with this key", { key });
}
