/**
 * Presigned URLs: a request signed in its query, for someone without keys; or the policy of a form.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import type { BackendPresignOptions, Key, Presigned } from "../../src/backend.ts";
import { defined } from "../../src/options.ts";
import { signPolicy } from "../../src/sigv4/policy.ts";
import { signUrl } from "../../src/sigv4/sign.ts";
import { conditions } from "./conditions.ts";
import { extraHeaders, type HeaderMap, toRequestHeaders } from "./headers.ts";
import type { Settings } from "./settings.ts";
import { objectUrl, type Query } from "./url.ts";

/** Signs for the address that clients see; asks nobody but the credentials. */
export async function presignObject(settings: Settings, key: Key, options: BackendPresignOptions): Promise<Presigned> {
  const { method, expiresIn, contentLength, policy } = options;
  const { region, publicAddress } = settings.whereabouts.site;
  const { uploadId, partNumber } = options.part ?? { ...options, partNumber: undefined };
  const query = method === "GET" ? responseQuery(options) : { partNumber, uploadId };
  // Everything that shall hold for the upload is signed, so the client must send it as it is.
  const headers = defined({
    ...(method === "GET" ? {} : { ...settings.headers, ...uploadHeaders(options) }),
    ...extraHeaders(options.headers, false),
  }) as Record<string, string>;
  const identity = await settings.identity(options.signal);
  // Signed a little in the past would shorten it, so the clock's own second counts.
  const date = new Date(Math.floor(settings.clock.now() / 1000) * 1000);
  const scope = { identity, region, date };
  // A URL does not outlive the keys that signed it.
  const expiresAt = new Date(
    Math.min(date.getTime() + expiresIn * 1000, identity.expiration?.getTime() ?? Number.POSITIVE_INFINITY),
  );
  if (policy) {
    const form = { bucket: settings.bucket, key: settings.base + key, headers, expiresAt };
    const { origin, path } = publicAddress;
    return { method, url: origin + path, headers: await signPolicy(policy, form, scope), expiresAt };
  }
  // Signed, but not given back: clients send it by themselves, and some refuse to be told.
  const length: Record<string, string> = contentLength === undefined ? {} : { "content-length": String(contentLength) };
  const { url, path } = objectUrl(publicAddress, settings.base + key, query);
  const signed = await signUrl({ method, url, path, headers: { ...headers, ...length } }, scope, expiresIn);
  return { method, url: signed, headers, expiresAt };
}

function uploadHeaders(options: BackendPresignOptions): HeaderMap {
  const { checksum } = options;
  return {
    ...(checksum && { [`x-amz-checksum-${checksum.name.toLowerCase()}`]: checksum.value }),
    ...toRequestHeaders(options),
    ...conditions(options),
  };
}

function responseQuery(options: BackendPresignOptions): Query {
  const answer = Object.entries(toRequestHeaders(options)).map(([name, value]) => [`response-${name}`, value]);
  return { versionId: options.versionId, ...(Object.fromEntries(answer) as Query) };
}
