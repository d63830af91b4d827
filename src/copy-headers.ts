/**
 * What the requests around a copy are sent with, and what cannot be copied. The `headers` of a copy are those of the one
 * request that copies, which names what the source needs in words of its own.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
import type { RequestOptions, StoredInfo } from "./backend.ts";
import { StorageError } from "./error.ts";
import { requestHeaders } from "./options.ts";

type Headers = Readonly<Record<string, string>>;

/** The headers of a copy by the requests that need them, with lower-case names. */
export interface CopyHeaders {
  /** All requests. */
  readonly each: Headers;
  /** Those that read the source. */
  readonly source: Headers;
  /** Those that read the target. */
  readonly target: Headers;
  /** Those that write the target out of bytes, or begin to. */
  readonly write: Headers;
  /** Those that have the store copy a part. */
  readonly part: Headers;
}

/** What is meant for the source. */
const SOURCE = /^x-amz-(copy-)?source-/;
/** Who pays, who must own the bucket, and what is none of S3's headers, such as a trace. */
const EACH = /^x-amz-(request-payer|expected-bucket-owner)$|^(?!x-amz-)/;
/** A customer's key. A read with another header of a write, such as `x-amz-server-side-encryption`, is refused. */
const KEY = /^x-amz-server-side-encryption-customer-/;

/** Sorts the headers of a copy; rejects `invalid-option`. */
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

/** Rejects `unsupported` for an object of which a copy by its bytes would lose something. */
export function refuseLoss({ missingMetadata }: Pick<StoredInfo, "missingMetadata">): void {
  if (missingMetadata) throw new StorageError("unsupported", "the copy would drop metadata that no header can say");
}
