/** What a presigned URL may allow, checked before anything is signed. */
import type { BackendPresignOptions } from "./backend.ts";
import type { PresignOptions } from "./interface.ts";
import { MAX_PARTS } from "./multipart.ts";
import { objectHeaders, refuse, wholeNumber } from "./options.ts";

/** The longest that SigV4 lets a presigned URL live, in seconds. */
export const MAX_EXPIRY = 604_800;

/** Options with their defaults; rejects `invalid-option`. */
export function presignOptions(options: PresignOptions): BackendPresignOptions {
  const { method = "GET", expiresIn = 3600, contentLength, ifNoneMatch, part, signal } = options;
  if (method !== "GET" && method !== "PUT") throw refuse("method", 'must be "GET" or "PUT"');
  wholeNumber("expiresIn", expiresIn, 1, MAX_EXPIRY);
  if (method === "GET" && (contentLength ?? ifNoneMatch ?? part ?? options.metadata) !== undefined) {
    throw refuse("contentLength, metadata, ifNoneMatch and part", "are for PUT only");
  }
  if (contentLength !== undefined) wholeNumber("contentLength", contentLength, 0, Number.MAX_SAFE_INTEGER);
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw refuse("ifNoneMatch", 'must be "*"');
  if (part) {
    wholeNumber("part.partNumber", part.partNumber, 1, MAX_PARTS);
    if (ifNoneMatch !== undefined || Object.keys(objectHeaders(options)).length > 0) {
      throw refuse("part", "takes no headers or conditions: they belong to the upload as a whole");
    }
  }
  return {
    ...objectHeaders(options),
    method,
    expiresIn,
    contentLength,
    ifNoneMatch,
    part,
    signal,
  };
}
