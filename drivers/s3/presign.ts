/**
 * Presigned URLs: a request signed in its query, for someone without keys.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import type { BackendPresignOptions, Key, Presigned } from "../../src/backend.ts";
import { defined } from "../../src/options.ts";
import { signUrl } from "../../src/sigv4/sign.ts";
import { conditions } from "./conditions.ts";
import { toRequestHeaders } from "./headers.ts";
import type { Settings } from "./settings.ts";
import { objectUrl, type Query } from "./url.ts";

/** Signs for the address that clients see; asks nobody but the credentials. */
export async function presignObject(settings: Settings, key: Key, options: BackendPresignOptions): Promise<Presigned> {
  const { method, expiresIn, part, uploadId } = options;
  const { region, publicAddress } = settings.whereabouts.place;
  const query = method === "GET" ? responseQuery(options) : method === "PUT" ? partQuery(part) : { uploadId };
  const { url, path } = objectUrl(publicAddress, settings.base + key, query);
  // Everything that shall hold for the upload is signed, so the client must send it as it is.
  const headers = method === "GET" ? {} : { ...settings.headers, ...uploadHeaders(options) };
  // Signed, but not given back: clients send it by themselves, and some refuse to be told.
  const length: Record<string, string> =
    options.contentLength === undefined ? {} : { "content-length": String(options.contentLength) };
  const identity = await settings.identity();
  // Signed a little in the past would shorten it, so the clock's own second counts.
  const date = new Date(Math.floor(settings.clock.now() / 1000) * 1000);
  const signed = await signUrl(
    { method, url, path, headers: { ...headers, ...length } },
    { identity, region, date },
    expiresIn,
  );
  // A URL does not outlive the keys that signed it.
  const expiresAt = Math.min(date.getTime() + expiresIn * 1000, identity.expiration?.getTime() ?? Infinity);
  return { method, url: signed, headers, expiresAt: new Date(expiresAt) };
}

function uploadHeaders(options: BackendPresignOptions): Record<string, string> {
  if (options.part) return {};
  return defined({ ...toRequestHeaders(options), ...conditions(options) }) as Record<string, string>;
}

function partQuery(part: BackendPresignOptions["part"]): Query {
  return part ? { partNumber: part.partNumber, uploadId: part.uploadId } : {};
}

function responseQuery(options: BackendPresignOptions): Query {
  return {
    "response-cache-control": options.cacheControl,
    "response-content-disposition": options.contentDisposition,
    "response-content-type": options.contentType,
  };
}
