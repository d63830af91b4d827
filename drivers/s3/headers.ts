/** Object headers and user metadata as S3's request and response headers. */
import type { PutOptions, StoredInfo, StoredVersion } from "../../src/backend.ts";
import { emptyMetadata, refuse, requestHeaders, WRITE_MARK } from "../../src/options.ts";
import { decodeValue, META, NAMES } from "../../src/s3/headers.ts";
import { giveUp } from "./refusal.ts";
import type { WireResponse } from "./transport.ts";

/** The header with the id of the write that made an object: see settle.ts. Hidden from `head` and `download`, and left out of copies. */
export const WRITE_ID: string = META + WRITE_MARK;

/** What the answer to a HEAD or GET says of the object. `size` is the whole object's, which no single header of all these answers has. */
export function toStoredInfo(key: string, response: WireResponse, size: number): StoredInfo {
  const headers: Record<string, string> = {};
  for (const [option, name] of NAMES) {
    const value = response.header(name);
    if (value) headers[option] = value;
  }
  // Some servers keep the framing that an upload was sent in as if it were the object's encoding.
  const encoding = headers["contentEncoding"]?.replace(/^aws-chunked(,\s*|$)|,\s*aws-chunked\b/, "");
  if (encoding) headers["contentEncoding"] = encoding;
  else delete headers["contentEncoding"];
  const metadata = emptyMetadata();
  for (const name of response.names()) {
    if (name.startsWith(META) && name !== WRITE_ID)
      metadata[name.slice(META.length)] = decodeValue(response.header(name) ?? "");
  }
  const { etag, versionId } = storedVersion(response, exposed(response, "etag"));
  const lastModified = toDate(response.header("last-modified"));
  const missingMetadata = Number(response.header("x-amz-missing-meta")) || (response.filtered ? Infinity : undefined);
  return { key, size, etag, lastModified, versionId, missingMetadata, ...headers, metadata };
}

/** A header that the driver needs; rejects `unsupported` where a browser hides it. */
export function exposed(response: WireResponse, name: string): string | null {
  const value = response.header(name);
  if (value !== null || !response.filtered) return value;
  giveUp(response, "unsupported", `the browser hides the header ${name}: name it in the CORS rule's ExposeHeaders`);
}

/**
 * Rejects `corrupt` where nothing in the head of an answer is S3's: the login page of a network comes with 200, and is no object. A weak ETag
 * is a web server's, as Express gives it to its pages whatever the method. Where a proxy has weakened a store's, `x-amz-` headers are beside it.
 */
export function checkStore(response: WireResponse): void {
  const strong = /^(?!W\/)./.test(response.header("etag") ?? "");
  if (response.filtered || strong || [...response.names()].some((name) => /^x-(?:amz|goog)-/.test(name))) return;
  const why = "what answered is no S3 store; check endpoint and what is before the store";
  giveUp(response, "corrupt", why, { retryable: true });
}

/**
 * The extra headers of the driver or of one call, lower-case. Rejects `invalid-option` for headers that have an option of their own, and in
 * an `upload` for a customer key, which all requests for the object need.
 */
export function extraHeaders(headers: PutOptions["headers"], upload = true): Record<string, string> {
  if (headers === undefined) return {};
  const extra = requestHeaders(headers);
  for (const name of Object.keys(extra)) {
    if (upload && name.startsWith("x-amz-server-side-encryption-customer-")) {
      throw refuse(`headers ${name}`, "is needed by all requests: give it in the driver's headers");
    }
  }
  return extra;
}

/** An ETag in quotes, whatever form the server gives it in: bare, quoted or weak. */
export function toEtag(value: string | null | undefined): string {
  return `"${/^(?:W\/)?"?(.*?)"?$/.exec(value ?? "")?.[1] ?? ""}"`;
}

/** The version that an answer is about, with the ETag that its head or its document has. */
export function storedVersion({ header }: WireResponse, etag: string | null | undefined): StoredVersion {
  return { etag: toEtag(etag), versionId: header("x-amz-version-id") || undefined };
}

/** A date in whatever form a store writes it; undefined where it is none. */
export function toDate(value: string | null | undefined): Date | undefined {
  const time = Date.parse(value ?? "");
  return Number.isNaN(time) ? undefined : new Date(time);
}
