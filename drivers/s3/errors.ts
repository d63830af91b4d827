/** From an answer that is no success to a StorageError. */
import { type ErrorCode, FULL_CODES, StorageError, type StoreResponse } from "../../src/error.ts";
import { type Failure, httpDate, retryAfter } from "../../src/retry.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { UNSEEN } from "../../src/unseen.ts";
import type { Answer, Complaint } from "./complaint.ts";
import { isMisplaced, regionIn } from "./region.ts";

const MAX_MESSAGE = 300;

/**
 * Our codes, each with the codes and statuses of stores that mean the same.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const MEANINGS: Readonly<Partial<Record<ErrorCode, readonly (string | number)[]>>> = {
  "not-found": ["NoSuchKey", "NoSuchVersion", "NoSuchUpload"],
  "not-modified": [304],
  "bucket-not-found": ["NoSuchBucket"],
  "invalid-option": [
    ...["InvalidBucketName", "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"],
    ...["MetadataTooLarge", "InvalidPart", "InvalidPartOrder", "EntityTooSmall"],
  ],
  "invalid-key": [
    ...["KeyTooLongError", "KeyTooLong", "InvalidURI"],
    ...["InvalidObjectName", "XMinioInvalidObjectName", "XMinioInvalidResourceName"],
  ],
  "invalid-range": ["InvalidRange", 416],
  denied: ["AccessDenied", "AllAccessDisabled", 403],
  unauthenticated: [
    ...["InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"],
    ...["ExpiredToken", "InvalidToken", "InvalidTokenId", "TokenRefreshRequired", "XAdminUserNotFound", 401],
  ],
  "precondition-failed": ["PreconditionFailed", 412],
  conflict: ["ConditionalRequestConflict", "OperationAborted", "InvalidObjectState", 409],
  "too-large": ["EntityTooLarge", 413],
  unsupported: ["NotImplemented", 405, 501],
  corrupt: ["BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"],
  timeout: ["RequestTimeout", 408, 504],
  unavailable: [...["SlowDown", "InternalError", "ServiceUnavailable", "IncompleteBody"], ...FULL_CODES, ...[429, 499]],
};

/** The same by code and status of stores. */
const OURS: ReadonlyMap<string | number | undefined, ErrorCode> = new Map(
  Object.entries(MEANINGS).flatMap(([ours, theirs]) => theirs.map((sign) => [sign, ours as ErrorCode] as const)),
);

/** The error of an answer whose body was read; its message repeats none of the keys of `identity`. */
export function toStorageError(response: Answer, complaint: Complaint, identity?: Identity): StorageError {
  const { status } = response;
  const code =
    OURS.get(complaint.code) ??
    OURS.get(status) ??
    (status >= 500 ? "unavailable" : status >= 300 && status < 400 ? "invalid-option" : "unknown");
  const requestId = response.header("x-amz-request-id");
  const answer: StoreResponse = {
    status,
    code: complaint.code && clean(complaint.code, identity).slice(0, 100),
    requestId: requestId === null ? undefined : clean(requestId, identity),
  };
  const said = clean(complaint.message ?? "", identity);
  const parts = [
    `the store answered ${status}${complaint.code ? ` ${answer.code}` : ""}`,
    ...(said ? [said] : []),
    ...hint(code, response, complaint),
  ];
  return new StorageError(code, parts.join("; "), { response: answer, retryable: isRetryable(status, complaint.code) });
}

/** Statuses by which stores, and proxies before them, say that the same request may succeed later. */
const LATER = [408, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524];
/** Conflicts with another request that is under way. */
const CONTENDED = ["ConditionalRequestConflict", "OperationAborted"];

/** Whether the same request may succeed later: by the store's code where it is known, else by the status. */
export function isRetryable(status: number, code: string | undefined): boolean {
  const known = OURS.get(code);
  // A full store has no room at the next attempt either.
  if (FULL_CODES.includes(code ?? "")) return false;
  if (known === undefined) return LATER.includes(status);
  return known === "timeout" || known === "unavailable" || CONTENDED.includes(code as string);
}

/** How long the store asks to wait, and whether because of its load. */
export function waitOf({ status, header }: Answer, { code }: Complaint, now: number): Pick<Failure, "after" | "kind"> {
  // AWS's own header is in milliseconds. A date in the other one is compared with the answer's date, whatever the time is here.
  const own = /^\d+$/.exec(header("x-amz-retry-after")?.trim() ?? "")?.[0];
  const after = own === undefined ? retryAfter(header("retry-after"), httpDate(header("date")) ?? now) : Number(own);
  const throttled = status === 429 || status === 503 || code === "SlowDown";
  return { after, kind: throttled ? "throttled" : "transient" };
}

/** What the caller can do about it. */
function hint(code: ErrorCode, answer: Answer, complaint: Complaint): string[] {
  if (code === "bucket-not-found") return ["create the bucket, or correct its name"];
  if (code === "unauthenticated")
    return ["check the keys, the session token and the clock, and that no proxy changes host, path or headers"];
  if (code === "denied")
    return [
      "the keys lack a right or are wrong, or a proxy forbids it; without s3:ListBucket an absent object looks so too",
    ];
  if (answer.status === 404 && complaint.code === undefined)
    return ["no document of the store says why; check endpoint and what is before the store"];
  const region = isMisplaced(answer, complaint) && regionIn(answer, complaint);
  if (region) return [`the bucket is in region ${region}; set region`];
  const to = answer.header("location") ?? "";
  // The host alone, since the rest may carry a signature.
  return answer.status < 400 && /^https?:/i.test(to) && URL.canParse(to)
    ? [`it redirects to ${new URL(to).host}; set endpoint or region`]
    : [];
}

/** Text of a store without secrets: it may repeat what was sent. */
function clean(message: string, identity: Identity | undefined): string {
  const secrets = [identity?.secretAccessKey, identity?.sessionToken, identity?.accessKeyId];
  const hidden = (said: string): string =>
    secrets.reduce<string>((all, secret) => (secret ? all.replaceAll(secret, "***") : all), said);
  // Unseen characters first: they could steer the terminal that shows the message, or split a secret.
  let text = hidden(message.replace(UNSEEN, " "));
  // Secrets as they stand in an address too.
  text = hidden(text.replace(/%(?:[2-6][\da-f]|7[\da-e])/gi, decodeURIComponent));
  // A customer's key (SSE-C), 256 bits in base64; and a signature, by which the request can be sent once more.
  text = text.replace(/[\w+/]{43}=|(?<=Signature=)\w+/g, "***");
  // Cut last, since half a secret would not be recognised.
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_MESSAGE);
}
