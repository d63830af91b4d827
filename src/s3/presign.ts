/**
 * What someone without keys may send: a request with its signature in the query, or a form with a signed policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import type { BackendPresignOptions, Key, Presigned } from "../backend.ts";
import { defined, requestHeaders } from "../options.ts";
import { signPolicy } from "../sigv4/policy.ts";
import { type Identity, signUrl } from "../sigv4/sign.ts";
import { conditionHeaders, type HeaderMap, toRequestHeaders } from "./headers.ts";
import { type Address, objectUrl, type Query } from "./url.ts";

/** Who signs, and for what. */
export interface Presigner {
  readonly identity: Identity;
  readonly region: string;
  /** Its name. */
  readonly bucket: string;
  /** As clients see it. */
  readonly address: Address;
  /** What stands before every key. */
  readonly base: string;
  /** What is sent with all but a GET. */
  readonly headers?: HeaderMap;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Signs what someone else will send. */
export async function presign(
  { identity, region, bucket, address, base, headers: own, now }: Presigner,
  key: Key,
  options: BackendPresignOptions,
): Promise<Presigned> {
  const { method, expiresIn, contentLength, policy, part } = options;
  const uploadQuery = { partNumber: part?.partNumber, uploadId: part?.uploadId ?? options.uploadId };
  const query = method === "GET" ? responseQuery(options) : uploadQuery;
  // All that must hold for the upload is signed, so the client has to send it unchanged.
  const headers = defined({
    ...(method === "GET" ? {} : { ...own, ...uploadHeaders(options) }),
    ...requestHeaders(options.headers ?? {}),
  }) as Record<string, string>;
  // Stamps have whole seconds, from which the validity counts.
  const date = new Date(Math.floor(now / 1000) * 1000);
  const scope = { identity, region, date };
  // A URL does not outlive the keys that signed it.
  const expiresAt = new Date(Math.min(date.getTime() + expiresIn * 1000, identity.expiration?.getTime() ?? Infinity));
  if (policy) {
    const form = { bucket, key: base + key, headers, expiresAt };
    const { origin, path } = address;
    return { method, url: origin + path, headers: await signPolicy(policy, form, scope), expiresAt };
  }
  // Signed but not among the headers to send: clients set it by themselves, and some refuse to have it set.
  const length: Record<string, string> = contentLength === undefined ? {} : { "content-length": String(contentLength) };
  const { url, path } = objectUrl(address, base + key, query);
  const signed = await signUrl({ method, url, path, headers: { ...headers, ...length } }, scope, expiresIn);
  return { method, url: signed, headers, expiresAt };
}

function uploadHeaders(options: BackendPresignOptions): HeaderMap {
  const { checksum } = options;
  return {
    ...(checksum && { [`x-amz-checksum-${checksum.name.toLowerCase()}`]: checksum.value }),
    ...toRequestHeaders(options),
    ...conditionHeaders(options),
  };
}

function responseQuery(options: BackendPresignOptions): Query {
  const answer = Object.entries(toRequestHeaders(options)).map(([name, value]) => [`response-${name}`, value]);
  return { versionId: options.versionId, ...(Object.fromEntries(answer) as Query) };
}
