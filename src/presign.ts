/** Checks the options of `presign`, and signs the requests of whole uploads. */
import type { Backend, BackendPresignOptions, Key } from "./backend.ts";
import type { PresignedUpload, PresignOptions, UploadState } from "./interface.ts";
import { objectHeaders, refuse, wholeNumber } from "./options.ts";
import { MAX_PARTS } from "./plan.ts";
import { checkConditions } from "./upload.ts";

/** The longest lifetime of a presigned URL by SigV4, in seconds. */
export const MAX_EXPIRY = 604_800;

const PUT_ONLY = ["contentLength", "checksum", "metadata", "ifMatch", "ifNoneMatch", "part", "policy"] as const;
const GET_ONLY = ["versionId"] as const;

/** The checked options with defaults; throws `invalid-option`. */
export function presignOptions(options: PresignOptions): BackendPresignOptions {
  const { method = "GET", expiresIn = 3600, contentLength, checksum, ifMatch, ifNoneMatch, part, policy } = options;
  if (method !== "GET" && method !== "PUT") throw refuse("method", 'must be "GET" or "PUT"');
  wholeNumber("expiresIn", expiresIn, 1, MAX_EXPIRY);
  const [misplaced, other] = method === "GET" ? [PUT_ONLY, "PUT"] : [GET_ONLY, "GET"];
  for (const name of misplaced) if (options[name] !== undefined) throw refuse(name, `is for ${other} only`);
  if (contentLength !== undefined) wholeNumber("contentLength", contentLength);
  if (checksum && !/^[A-Z\d]+ ([\w+/=]{4})+$/.test(`${checksum.name} ${checksum.value}`))
    throw refuse("checksum", 'must be { name: "SHA256", value } with the value in base64');
  checkConditions(options);
  const stored = objectHeaders(options);
  if (part) {
    wholeNumber("part.partNumber", part.partNumber, 1, MAX_PARTS);
    if (!part.uploadId) throw refuse("part.uploadId", "is missing");
    if ((ifMatch ?? ifNoneMatch) !== undefined || Object.keys(stored).length > 0)
      throw refuse("part", "takes no headers or conditions: they belong to the upload as a whole");
  }
  return { ...options, ...stored, expiresIn, method: policy ? "POST" : method };
}

/** Signs all requests of a multipart upload; null if the driver cannot presign. */
export async function presignUpload(
  backend: Backend,
  key: Key,
  { uploadId, partSize, size, checksum, ifMatch, ifNoneMatch }: UploadState,
  options: PresignOptions,
): Promise<PresignedUpload | null> {
  if (size === undefined)
    throw refuse("size", "must be given to createMultipartUpload, to know how many parts there are");
  if (checksum !== undefined)
    throw refuse("checksum", "must be false in createMultipartUpload, since those who send the parts compute none");
  const { expiresIn, signal } = presignOptions(options);
  const { presign } = backend;
  if (!presign) return null;
  const sign = (own: Partial<BackendPresignOptions>): ReturnType<NonNullable<typeof presign>> =>
    presign(key, { method: "PUT", expiresIn, signal, ...own });
  const count = Math.max(1, Math.ceil(size / partSize));
  const parts = Array.from({ length: count }, async (_, index) => {
    const [partNumber, start] = [index + 1, index * partSize];
    const end = Math.min(start + partSize, size) - 1;
    const part = { uploadId, partNumber };
    return { ...(await sign({ part, contentLength: end - start + 1 })), partNumber, start, end };
  });
  return {
    partSize,
    parts: await Promise.all(parts),
    complete: await sign({ method: "POST", uploadId, ifMatch, ifNoneMatch }),
    abort: await sign({ method: "DELETE", uploadId }),
  };
}
