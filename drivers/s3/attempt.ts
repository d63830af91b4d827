/** What an observer is told of one attempt. */
import type { AttemptEvent } from "../../src/event.ts";
import { StorageError } from "../../src/error.ts";
import type { Operation } from "./request.ts";
import type { WireResponse } from "./transport.ts";

/** One attempt under observation. */
export interface Attempt {
  readonly number: number;
  readonly started: number;
  response?: WireResponse;
}

/** The event of an attempt that has ended: with `error` when it failed, and with `wait` too when it is repeated. */
export function attemptEvent(operation: Operation, attempt: Attempt, error?: unknown, wait?: number): AttemptEvent {
  const { response } = attempt;
  const { method, key, body, query } = operation;
  const known = StorageError.is(error) ? error : undefined;
  const length = method === "HEAD" ? null : response?.header("content-length");
  return {
    type: "attempt",
    driver: "s3",
    operation: nameOf(operation),
    key,
    uploadId: query?.["uploadId"] as string | undefined,
    attempt: attempt.number,
    method,
    status: response?.status,
    code: known && (known.response?.code ?? known.code),
    sent: body?.byteLength ?? 0,
    received: typeof length === "string" ? Number(length) : undefined,
    duration: performance.now() - attempt.started,
    next: error === undefined ? "done" : wait === undefined ? "fail" : "retry",
    wait,
  };
}

const VERBS = { GET: "Get", HEAD: "Head", PUT: "Put", POST: "Post", DELETE: "Delete" } as const;

/**
 * S3's name of an operation.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
function nameOf({ method, key, query = {}, headers = {} }: Operation): string {
  const copy = headers["x-amz-copy-source"] !== undefined;
  if (query["partNumber"] !== undefined) return copy ? "UploadPartCopy" : "UploadPart";
  if (query["uploads"] !== undefined) return method === "POST" ? "CreateMultipartUpload" : "ListMultipartUploads";
  if (query["uploadId"] !== undefined) {
    return method === "POST" ? "CompleteMultipartUpload" : method === "GET" ? "ListParts" : "AbortMultipartUpload";
  }
  if (query["delete"] !== undefined) return "DeleteObjects";
  if (query["list-type"] !== undefined) return "ListObjectsV2";
  return copy ? "CopyObject" : VERBS[method] + (key === undefined ? "Bucket" : "Object");
}
