/**
 * Uploads by an HTML form, or by any client that can send one: the store itself refuses what is too large, of another type or
 * under another key, which a presigned PUT cannot.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html
 */
import type { CallOptions, ObjectHeaders } from "./backend.ts";
import { locate } from "./error.ts";
import type { ObjectStore } from "./interface.ts";
import { defined, knownOptions, refuse, wholeNumber } from "./options.ts";
import { formOf, type FormRules } from "./post-policy/form.ts";

export type { PolicyForm, PolicyWriter } from "./sigv4/policy.ts";

/** The largest file that a form may bring, in bytes: 5 GiB. */
const MAX_FILE = 5 * 1024 ** 3;

/** Said, and not left out: some stores take a type that no condition names, and with it a script. */
const UNTYPED = "application/octet-stream";

/** Options of `presignPost`. */
export interface PostOptions extends CallOptions, Omit<ObjectHeaders, "contentType" | "contentLanguage"> {
  /** Bytes of the file: exactly so many, or bounds, both inclusive; `min` is 0 by default, `max` at most 5 GiB. */
  readonly contentLength: number | { readonly min?: number | undefined; readonly max: number };
  /**
   * The type that the object gets; or what it must start with, `{ prefix: "image/" }`: then the client adds the field
   * `Content-Type` itself. Default: `application/octet-stream`.
   */
  readonly contentType?: string | { readonly prefix: string } | undefined;
  /** The status of the answer to a success. Default: the store's, 204. 201 comes with an XML document that names the key. */
  readonly successStatus?: 200 | 201 | 204 | undefined;
  /** Where a browser goes after a success; the store adds `bucket`, `key` and `etag`. */
  readonly successRedirect?: string | undefined;
  /** Seconds, a whole number from 1 to 604800. Default 3600. */
  readonly expiresIn?: number | undefined;
}

/** A form that someone without credentials may send until `expiresAt`. */
export interface PresignedPost {
  /** The bucket's address, to which the form is sent. */
  readonly url: string;
  /** All of them must be sent, and the file after them, as `file`. */
  readonly fields: Readonly<Record<string, string>>;
  /** By the clock of who signed, as far as the store has put it right. */
  readonly expiresAt: Date;
}

const NAMES: Readonly<Record<keyof PostOptions, 1>> = {
  ...{ contentType: 1, contentDisposition: 1, contentEncoding: 1, cacheControl: 1, metadata: 1, contentLength: 1 },
  ...{ successStatus: 1, successRedirect: 1, expiresIn: 1, signal: 1 },
};

/**
 * A form for one key, or for any key that starts with `prefix`: the field `key` is then the prefix with `${filename}` behind it,
 * for which the store puts the file's name, and the client may set another. Null where the driver cannot presign. Asks nobody.
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
