/**
 * Derives the headers of the other requests of a copy from its `headers` option, which has those of the CopyObject
 * request. There headers for the source have a prefix of their own.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
import type { RequestOptions, StoredInfo } from "./backend.ts";
import { StorageError } from "./error.ts";
import { requestHeaders } from "./options.ts";

type Headers = Readonly<Record<string, string>>;

/** The headers for each kind of request, with lower-case names. */
export interface CopyHeaders {
  /** For all requests. */
  readonly each: Headers;
  /** For requests that read the source. */
  readonly source: Headers;
  /** For requests that read the target. */
  readonly target: Headers;
  /** For requests that write the target from bytes, or start a multipart upload of it. */
  readonly write: Headers;
  /** For UploadPartCopy. */
  readonly part: Headers;
}

/** Headers for the source. */
const SOURCE = /^x-amz-(copy-)?source-/;
/** Headers for all requests: who pays, who must own the bucket, and those that are not of S3, such as for tracing. */
const EACH = /^x-amz-(request-payer|expected-bucket-owner)$|^(?!x-amz-)/;
/**
 * A customer key, which reads need too. With other headers of a write, such as `x-amz-server-side-encryption`, a read
 * is refused.
 */
const KEY = /^x-amz-server-side-encryption-customer-/;

/** Sorts the headers of a copy by request; throws `invalid-option`. */
export function copyHeaders(headers: RequestOptions["headers"] = {}): CopyHeaders {
  const sorted: Record<keyof CopyHeaders, Record<string, string>> = {
    each: {},
    source: {},
    target: {},
    write: {},
    part: {},
  };
  const { each, source, target, write, part } = sorted;
  for (const [name, value] of Object.entries(requestHeaders(headers))) {
    if (SOURCE.test(name)) part[name] = source[name.replace(SOURCE, "x-amz-")] = value;
    else {
      write[name] = value;
      if (EACH.test(name)) each[name] = source[name] = value;
      if (EACH.test(name) || KEY.test(name)) target[name] = part[name] = value;
    }
  }
  return sorted;
}

/** Throws `unsupported` for an object that would lose metadata if its bytes were read and written. */
export function refuseLoss({ missingMetadata }: Pick<StoredInfo, "missingMetadata">): void {
  if (missingMetadata) throw new StorageError("unsupported", "the copy would drop metadata that no header can say");
}
