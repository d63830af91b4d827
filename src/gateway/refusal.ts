/**
 * Errors with the codes of S3.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
import { type ErrorCode, isFull, StorageError } from "../error.ts";
import { MAX_KEY_BYTES } from "../key.ts";
import { withoutPlace } from "../respond/error.ts";
import { isLonger } from "../utf8.ts";

/** The codes that are used here, with their statuses. */
const STATUSES = {
  AccessControlListNotSupported: 400,
  AccessDenied: 403,
  AuthorizationHeaderMalformed: 400,
  AuthorizationQueryParametersError: 400,
  BadDigest: 400,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  ExpiredToken: 400,
  IllegalLocationConstraintException: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartNumber: 416,
  InvalidPartOrder: 400,
  InvalidPolicyDocument: 400,
  InvalidRange: 416,
  InvalidRequest: 400,
  InvalidStorageClass: 400,
  InvalidToken: 400,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedPOSTRequest: 400,
  MalformedTrailerError: 400,
  MalformedXML: 400,
  MaxPostPreDataLengthExceeded: 400,
  MetadataTooLarge: 400,
  MethodNotAllowed: 405,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  RequestTimeout: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  XAmzContentSHA256Mismatch: 400,
  // Of MinIO, since S3 is never full. Clients do not retry a 507, as they do a 503.
  XMinioStorageFull: 507,
} as const;

/** An error code of S3. */
export type S3Code = keyof typeof STATUSES;

/** What a refusal has besides code and message. */
export interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** Further elements of the error document. */
  readonly elements?: Readonly<Record<string, string>>;
  /** The error that caused the refusal. */
  readonly cause?: unknown;
}

/** The refusal of a request. As the error of a body it makes the upload reject, so that nothing is stored. */
export class Refusal extends StorageError {
  readonly s3: S3Code;
  /** The message for the client. */
  readonly said: string;
  readonly details: RefusalDetails;

  constructor(s3: S3Code, said: string, details: RefusalDetails = {}) {
    super("unknown", said, details.cause === undefined ? {} : { cause: details.cause });
    this.s3 = s3;
    this.said = said;
    this.details = details;
  }

  /** The HTTP status. Not called `status`, which frameworks would copy into answers of the app. */
  get answerStatus(): number {
    return STATUSES[this.s3];
  }
}

/** The refusal of a body that exceeds a limit. */
export function tooLarge(cause?: unknown): Refusal {
  return new Refusal("EntityTooLarge", TOO_LARGE, { cause });
}

const TOO_LARGE = "Your proposed upload exceeds the maximum allowed size";

/**
 * The refusal of another bucket, with its name: if the `endpoint` option is wrong, that is a part of the path, which
 * explains it.
 */
export function noSuchBucket(name: string): Refusal {
  return new Refusal("NoSuchBucket", "The specified bucket does not exist", { elements: { BucketName: name } });
}

/** Our codes as those of S3, with a message where our own one may hold details that are not for clients. */
const S3_ERRORS: Readonly<Record<ErrorCode, readonly [S3Code, said?: string]>> = {
  "invalid-key": ["InvalidURI", "The key cannot be that of an object."],
  "invalid-option": ["InvalidArgument"],
  "invalid-range": ["InvalidRange", "The requested range is not satisfiable"],
  "not-found": ["NoSuchKey", "The specified key does not exist."],
  "not-modified": ["NotModified", "Not Modified"],
  "precondition-failed": ["PreconditionFailed", "At least one of the pre-conditions you specified did not hold"],
  conflict: ["ConditionalRequestConflict", "Another request changed the object at the same time."],
  "too-large": ["EntityTooLarge", TOO_LARGE],
  denied: ["AccessDenied", "Access Denied"],
  unsupported: ["NotImplemented", "The store behind this endpoint cannot do this."],
  timeout: ["ServiceUnavailable", "Please try again later."],
  unavailable: ["ServiceUnavailable", "Please try again later."],
  interrupted: ["IncompleteBody", "The body of the request ended too soon."],
  "bucket-not-found": ["InternalError"],
  unauthenticated: ["InternalError"],
  partial: ["InternalError"],
  corrupt: ["InternalError"],
  ambiguous: ["InternalError"],
  unknown: ["InternalError"],
};

/** The refusal for a failure that is not the client's fault, without details. */
export function failed(cause: unknown): Refusal {
  return new Refusal("InternalError", "We encountered an internal error. Please try again.", { cause });
}

/** The most causes that are followed: some form a circle. */
const MOST_CAUSES = 16;

/**
 * Whatever was thrown, as a refusal. What is not the client's fault becomes an `InternalError`, whose reason is only
 * its `cause`.
 */
export function refusalOf(error: unknown): Refusal {
  for (let at = error, count = 0; at && count < MOST_CAUSES; at = (at as { readonly cause?: unknown }).cause, count++)
    if (at instanceof Refusal) return at;
  if (error instanceof URIError)
    return new Refusal("InvalidURI", "Couldn't parse the specified URI.", { cause: error });
  // If the driver could not be opened, its options are wrong, and not the request.
  if (!StorageError.is(error) || error.operation === "open") return failed(error);
  if (error.code === "invalid-key" && isLonger(error.key ?? "", MAX_KEY_BYTES))
    return new Refusal("KeyTooLongError", "Your key is too long", { cause: error });
  if (isFull(error)) return new Refusal("XMinioStorageFull", "The storage has no room for this.", { cause: error });
  const [s3, said] = S3_ERRORS[error.code] ?? S3_ERRORS.unknown;
  if (s3 === "InternalError" || (said === undefined && error.response !== undefined)) return failed(error);
  return new Refusal(s3, said ?? withoutPlace(error), { cause: error });
}
