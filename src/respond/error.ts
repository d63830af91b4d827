import { type ErrorCode, isFull, StorageError } from "../error.ts";

interface Answer {
  readonly status: number;
  /**
   * What the client is told. Absent: the error's own message, which with other codes may hold the store's text, bucket
   * or path.
   */
  readonly message?: string;
}

const FAILED = "The server could not do this; its log has the reason.";
const REFUSED = "The storage does not accept this key or range.";

/**
 * The answer to each code. If the store refuses the app's credentials, has no such bucket or sends corrupt bytes, that
 * is no fault of the client: 500, and never 401 or 403, which would make people log in again. The first three have
 * messages of this package, which a client may see, unless the store has refused the call.
 */
const ANSWERS: Readonly<Record<ErrorCode, Answer>> = {
  "invalid-key": { status: 400 },
  "invalid-option": { status: 400 },
  "invalid-range": { status: 400 },
  "not-found": { status: 404, message: "There is no such object." },
  "not-modified": { status: 304 },
  "precondition-failed": {
    status: 412,
    message: "The object is not in the state that the request asks for; read it again, then retry.",
  },
  conflict: { status: 409, message: "Another request changed the object at the same time; read it again, then retry." },
  "too-large": { status: 413, message: "The object is too large." },
  unsupported: { status: 501, message: "This storage cannot do that." },
  timeout: { status: 504, message: "The storage did not answer in time." },
  unavailable: { status: 503, message: "The storage is not available now; try again." },
  "bucket-not-found": { status: 500, message: FAILED },
  unauthenticated: { status: 500, message: FAILED },
  denied: { status: 500, message: FAILED },
  partial: { status: 500, message: "Some of the objects failed." },
  interrupted: { status: 400, message: "The body of the request broke off." },
  corrupt: { status: 500, message: FAILED },
  ambiguous: { status: 500, message: "It is not known whether the object was written; read it, then retry." },
  unknown: { status: 500, message: FAILED },
};

/** S3 codes with which a store refuses what the client has sent; some drivers check the same themselves. */
const CLIENT_CODES: readonly string[] = ["EntityTooSmall", "InvalidPart", "InvalidPartOrder", "MetadataTooLarge"];

/**
 * Turns an error into the answer that a client may see: a status, and JSON `{ error: { code, message, key? } }`.
 *
 * An error that is no StorageError becomes a 500 without details, with two exceptions: a `URIError`, which
 * `decodeURIComponent` throws for a malformed key, becomes a 400; and an error with status 413, by which a host reports
 * a body over its own limit, becomes a 413, also if it is the `cause` of a StorageError.
 */
export function toResponse(error: unknown): Response {
  if (isTooLarge(StorageError.is(error) ? error.cause : error)) error = new StorageError("too-large", "");
  if (error instanceof URIError)
    return json(400, "invalid-key", "The key is not percent-encoded UTF-8; a lone % is %25.");
  // The driver could not be opened, so its options are wrong. The message names variables, and is for the log.
  if (!StorageError.is(error) || error.operation === "open") return json(500, "unknown", FAILED);
  // The store itself has refused the request, so again the driver's options are wrong, such as region or bucket name.
  // Input of the caller is checked before, except for what only the store knows.
  if (error.code === "invalid-option" && error.response !== undefined)
    return CLIENT_CODES.includes(error.response.code ?? "")
      ? json(400, error.code, "The storage does not accept this metadata or these parts.", error.key)
      : json(500, error.code, FAILED);
  const reason = reasonOf(error);
  const { status: usual, message } = ANSWERS[error.code] ?? ANSWERS.unknown;
  const status = statusOf(error, reason, usual);
  if (status === 507) return json(status, error.code, "The storage has no room for this.");
  if (status === 304) return new Response(null, { status });
  const own = reason !== null || (message === undefined && error.response === undefined);
  const told = own ? withoutPlace(error) : (message ?? REFUSED);
  return json(status, error.code, told, status < 500 ? error.key : undefined);
}

/** An error answer in the form that {@link toResponse} gives. */
export function json(
  status: number,
  code: string,
  message: string,
  key?: string,
  headers?: ConstructorParameters<typeof Headers>[0],
): Response {
  const all = new Headers(headers);
  all.set("content-type", "application/json");
  all.set("cache-control", "no-store");
  all.set("x-content-type-options", "nosniff");
  if (status === 503) all.set("retry-after", "1");
  return new Response(JSON.stringify({ error: { code, message, ...(key !== undefined && { key }) } }), {
    status,
    headers: all,
  });
}

function statusOf(error: StorageError, reason: string | null, usual: number): number {
  if (reason === "type" || reason === "content") return 415;
  if (isFull(error)) return 507;
  return error.code === "invalid-range" && error.operation === "download" ? 416 : usual;
}

/**
 * Whether a host reports a body over its own limit. Other statuses are not trusted: the app may have them from any
 * service.
 */
export function isTooLarge(error: unknown): boolean {
  const { status, statusCode = status } = (error ?? {}) as Record<string, unknown>;
  return statusCode === 413;
}

/** The `reason` of a GuardError or FormError. Read by name, so that serving files does not load those classes. */
function reasonOf(error: StorageError): string | null {
  return "reason" in error && typeof error.reason === "string" ? error.reason : null;
}

/** The message without the driver, verb and key that `locate` has put before it, which are not for clients. */
export function withoutPlace({ message, driver, operation }: StorageError): string {
  const place = [driver, operation].filter(Boolean).join(" ");
  if (place === "" || !message.startsWith(place)) return message;
  return message.slice(place.length).replace(/^(?: "(?:[^"\\]|\\.)*")?: /, "");
}
