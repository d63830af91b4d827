/**
 * Uploads by an HTML form, or by any client that can send one. Unlike with a presigned PUT the store itself refuses
 * files that are too large, of another type or under another key.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
 */
import type { CallOptions, ObjectHeaders } from "./backend.ts";
import { locate } from "./error.ts";
import type { ObjectStore } from "./interface.ts";
import { defined, knownOptions, refuse, wholeNumber } from "./options.ts";
import { formOf, type FormRules } from "./post-policy/form.ts";

export type { PolicyForm, PolicyWriter } from "./sigv4/policy.ts";

/** The largest file that a form may send, in bytes: 5 GiB. */
const MAX_FILE = 5 * 1024 ** 3;

/** Always a condition: without one some stores accept any type, and with it a script. */
const UNTYPED = "application/octet-stream";

/** Options of `presignPost`. */
export interface PostOptions extends CallOptions, Omit<ObjectHeaders, "contentType" | "contentLanguage"> {
  /** Length of the file in bytes: an exact number, or inclusive bounds. `min` is 0 by default, `max` at most 5 GiB. */
  readonly contentLength: number | { readonly min?: number | undefined; readonly max: number };
  /**
   * The MIME type of the object. Or with `{ prefix: "image/" }` what the type must start with: the client then adds the
   * field `Content-Type` itself. Default: `application/octet-stream`.
   */
  readonly contentType?: string | { readonly prefix: string } | undefined;
  /**
   * Status of the answer to a successful upload; with 201 its body is an XML document that names the key. Default 204.
   */
  readonly successStatus?: 200 | 201 | 204 | undefined;
  /**
   * URL that browsers are sent to after a success; the store adds `bucket`, `key` and `etag`. Excludes `successStatus`.
   * Default: none.
   */
  readonly successRedirect?: string | undefined;
  /** Lifetime in whole seconds, 1 to 604800 (seven days). Default 3600. */
  readonly expiresIn?: number | undefined;
}

/** A form that someone without credentials can send until `expiresAt`. */
export interface PresignedPost {
  /** URL of the bucket, which the form is posted to. */
  readonly url: string;
  /** The fields of the form. All must be sent, followed by the file as the field `file`. */
  readonly fields: Readonly<Record<string, string>>;
  /** When it stops working, by the signer's clock, corrected if the store has shown that it is wrong. */
  readonly expiresAt: Date;
}

const NAMES: Readonly<Record<keyof PostOptions, 1>> = {
  contentType: 1,
  contentDisposition: 1,
  contentEncoding: 1,
  cacheControl: 1,
  metadata: 1,
  contentLength: 1,
  successStatus: 1,
  successRedirect: 1,
  expiresIn: 1,
  signal: 1,
};

/**
 * Signs a form for one key, or for any key that starts with `prefix`. In the latter case the field `key` is the prefix
 * followed by `${filename}`, which the store replaces by the name of the file; the client may put another key below the
 * prefix there. Null if the driver cannot presign. Asks no store.
 */
export async function presignPost(
  store: Pick<ObjectStore, "presign">,
  key: string | { readonly prefix: string },
  options: PostOptions,
): Promise<PresignedPost | null> {
  const target = typeof key === "object" && key !== null ? key.prefix : key;
  try {
    const policy = formOf(rulesOf(target !== key, options));
    if (target === "" && target !== key)
      throw refuse("prefix", "must not be empty: the form could then write every object of the store");
    const {
      contentType = UNTYPED,
      contentDisposition,
      contentEncoding,
      cacheControl,
      metadata,
      expiresIn,
      signal,
    } = options;
    const stored = { contentDisposition, contentEncoding, cacheControl, metadata, expiresIn, signal };
    const type = typeof contentType === "string" ? { contentType } : {};
    const given = await store.presign(target, { ...defined(stored), ...type, method: "PUT", policy });
    return given && { url: given.url, fields: given.headers, expiresAt: given.expiresAt };
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    throw locate(error, { operation: "presignPost", key: target });
  }
}

function rulesOf(below: boolean, options: PostOptions): FormRules {
  knownOptions(options, NAMES);
  const { successStatus, successRedirect } = options;
  if (successStatus !== undefined && ![200, 201, 204].includes(successStatus))
    throw refuse("successStatus", "must be 200, 201 or 204: stores take no other");
  if (successRedirect !== undefined) {
    if (successStatus !== undefined) throw refuse("successStatus", "has no effect beside successRedirect");
    if (!/^https?:\/\/[!-~]+$/.test(successRedirect) || !URL.canParse(successRedirect))
      throw refuse("successRedirect", "must be a URL with http or https");
  }
  return {
    below,
    ...lengthOf(options.contentLength),
    typePrefix: typePrefixOf(options.contentType),
    success: {
      ...(successStatus !== undefined && { success_action_status: String(successStatus) }),
      ...(successRedirect !== undefined && { success_action_redirect: successRedirect }),
    },
  };
}

function lengthOf(contentLength: PostOptions["contentLength"]): Pick<FormRules, "least" | "most"> {
  const { min = 0, max } =
    typeof contentLength === "number" ? { min: contentLength, max: contentLength } : (contentLength ?? {});
  if (max === undefined) throw refuse("contentLength", "must be given: a number, or { max }, in bytes");
  const most = wholeNumber("contentLength", max, 0, MAX_FILE);
  return { least: wholeNumber("contentLength.min", min, 0, most), most };
}

function typePrefixOf(contentType: PostOptions["contentType"]): string | undefined {
  if (typeof contentType !== "object") return undefined;
  const { prefix } = contentType;
  if (typeof prefix !== "string" || !/^[!-~]*$/.test(prefix))
    throw refuse("contentType.prefix", 'must be the beginning of a type, such as "image/"');
  return prefix;
}
