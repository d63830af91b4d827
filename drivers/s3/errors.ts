/** From an answer that is not success to a StorageError. */
import { type ErrorCode, StorageError, type StoreResponse } from "../../src/error.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { WireResponse } from "./transport.ts";
import { childText, type Element, readXml } from "./xml.ts";

/** An error document is small; more is not read. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE = 300;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const BY_CODE: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>(
  Object.entries({
    NoSuchKey: "not-found",
    NoSuchVersion: "not-found",
    NoSuchUpload: "not-found",
    NoSuchBucket: "bucket-not-found",
    InvalidBucketName: "invalid-option",
    PermanentRedirect: "invalid-option",
    TemporaryRedirect: "unavailable",
    AuthorizationHeaderMalformed: "invalid-option",
    AccessDenied: "denied",
    AllAccessDisabled: "denied",
    InvalidAccessKeyId: "unauthenticated",
    SignatureDoesNotMatch: "unauthenticated",
    ExpiredToken: "unauthenticated",
    InvalidToken: "unauthenticated",
    InvalidTokenId: "unauthenticated",
    RequestTimeTooSkewed: "unauthenticated",
    PreconditionFailed: "precondition-failed",
    ConditionalRequestConflict: "conflict",
    OperationAborted: "conflict",
    InvalidRange: "invalid-range",
    InvalidPart: "invalid-option",
    InvalidPartOrder: "invalid-option",
    EntityTooSmall: "invalid-option",
    InvalidObjectState: "conflict",
    EntityTooLarge: "too-large",
    KeyTooLongError: "invalid-key",
    KeyTooLong: "invalid-key",
    InvalidObjectName: "invalid-key",
    XMinioInvalidObjectName: "invalid-key",
    InvalidURI: "invalid-key",
    MetadataTooLarge: "invalid-option",
    BadDigest: "corrupt",
    XAmzContentSHA256Mismatch: "corrupt",
    IncompleteBody: "unavailable",
    RequestTimeout: "timeout",
    SlowDown: "unavailable",
    InternalError: "unavailable",
    ServiceUnavailable: "unavailable",
    NotImplemented: "unsupported",
  }),
);

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  304: "not-modified",
  401: "unauthenticated",
  403: "denied",
  404: "not-found",
  405: "unsupported",
  408: "timeout",
  409: "conflict",
  412: "precondition-failed",
  413: "too-large",
  416: "invalid-range",
  429: "unavailable",
  499: "unavailable",
  501: "unsupported",
  504: "timeout",
};

/** The head of an answer. */
export type Answer = Pick<WireResponse, "status" | "header">;

/** What an answer says of its failure. */
export interface Complaint {
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly region: string | undefined;
}

/** Reads an answer's body as an error document, as far as there is one. */
export async function readComplaint(response: WireResponse): Promise<Complaint> {
  const none = { code: undefined, message: undefined, region: undefined };
  const bytes = await response.bytes(MAX_ERROR_BYTES).catch(() => null);
  if (!bytes || bytes.byteLength === 0) return none;
  try {
    const root = readXml(new TextDecoder().decode(bytes));
    return root.name === "Error" ? complaintOf(root) : none;
  } catch {
    // A proxy's HTML page, for one; the status says enough.
    return none;
  }
}

/** What an error document, or an `<Error>` within another, says. */
export function complaintOf(element: Element): Complaint {
  const [code, message, region] = ["Code", "Message", "Region"].map((name) => childText(element, name));
  return { code, message, region };
}

/** The error of an answer whose body was read; `identity` is what the message must not repeat. */
export function toStorageError(response: Answer, complaint: Complaint, identity: Identity): StorageError {
  const { status } = response;
  const known = complaint.code === undefined ? undefined : BY_CODE.get(complaint.code);
  const code =
    known ??
    BY_STATUS[status] ??
    (status >= 500 ? "unavailable" : status >= 300 && status < 400 ? "invalid-option" : "unknown");
  const requestId = response.header("x-amz-request-id") ?? undefined;
  const answer: StoreResponse = {
    status,
    code: complaint.code && clean(complaint.code, identity).slice(0, 100),
    requestId,
  };
  const region = complaint.region ?? response.header("x-amz-bucket-region") ?? undefined;
  const said = clean(complaint.message ?? "", identity);
  const parts = [
    `the store answered ${status}${complaint.code ? ` ${answer.code}` : ""}`,
    ...(said ? [said] : []),
    ...hint(code, status, region),
  ];
  return new StorageError(code, parts.join("; "), { response: answer, retryable: isRetryable(status, code) });
}

/** Whether the same request may succeed later: rows of statuses, with the error code before the status. */
export function isRetryable(status: number, code: ErrorCode): boolean {
  if (code === "timeout" || code === "unavailable") return true;
  return code === "conflict" && status === 409;
}

function hint(code: ErrorCode, status: number, region: string | undefined): string[] {
  if (code === "bucket-not-found") return ["create the bucket, or correct its name"];
  if (code === "unauthenticated") return ["check the keys, the session token and the clock"];
  if (code === "denied")
    return ["the keys lack a right for this, or are wrong; an absent key looks so too without s3:ListBucket"];
  const moved = status === 301 || status === 307 || status === 400;
  if (moved && region && /^[a-z0-9-]{1,63}$/.test(region)) return [`the bucket is in region ${region}; set region`];
  return [];
}

/** A store's message may repeat what was sent to it. */
function clean(message: string, identity: Identity): string {
  let text = message;
  for (const secret of [identity.secretAccessKey, identity.sessionToken, identity.accessKeyId]) {
    if (secret) text = text.replaceAll(secret, "***");
  }
  // Cut afterwards: half a secret would not be recognised.
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_MESSAGE);
}
