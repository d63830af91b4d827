/**
 * AWS Signature Version 4 for S3: aws4fetch builds the canonical request, its two hashing steps run on `#digest`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { hmac, hmacHex, type HmacKey, hmacKey, sha256Hex } from "#digest";
import { AwsV4Signer } from "aws4fetch";
import { StorageError } from "../error.ts";
import { encodeRfc3986 } from "./encode.ts";

/** Keys to sign with. */
export interface Identity {
  /** What names the keys. */
  readonly accessKeyId: string;
  /** What they sign with; never sent. */
  readonly secretAccessKey: string;
  /** Of temporary keys: sent with every request. */
  readonly sessionToken?: string | undefined;
  /** When the keys, and every URL signed with them, stop working. */
  readonly expiration?: Date | undefined;
}

/** Who signs, and for which region. */
export interface Place {
  readonly identity: Identity;
  readonly region: string;
}

/** The same, and at which time. */
export interface Scope extends Place {
  readonly date: Date;
}

/** What is signed. All headers that are given are, so give only those that arrive unchanged. */
export interface Signable {
  readonly method: string;
  /** Absolute and fully percent-encoded, each query parameter as `name=value` and once. */
  readonly url: string;
  /** The path within `url`. */
  readonly path: string;
  /** Lower-case names. `host` is the URL's unless it is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body's SHA-256 in hex, or what stands for it. Default: the header `x-amz-content-sha256`, else `UNSIGNED-PAYLOAD`. */
  readonly hash?: string;
}

/** A new day or a new secret is rare, so a handful of keys is enough. */
const MAX_DAY_KEYS = 16;
/** Signing keys by day, region and secret. */
const dayKeys = new Map<string, HmacKey>();

/** The key that signs in a region on a day, `20260304`. */
export async function dayKey({ secretAccessKey }: Identity, day: string, region: string): Promise<HmacKey> {
  // Unambiguous: neither a day nor a region has a slash, whatever the secret has.
  const id = `${day}/${region}/${secretAccessKey}`;
  let key = dayKeys.get(id);
  if (!key) {
    let made: Uint8Array | string = `AWS4${secretAccessKey}`;
    for (const step of [day, region, "s3", "aws4_request"]) made = await hmac(made, step);
    key = await hmacKey(made as Uint8Array);
    if (dayKeys.size >= MAX_DAY_KEYS) dayKeys.delete(dayKeys.keys().next().value as string);
    dayKeys.set(id, key);
  }
  return key;
}

/** The last stamp that was written: many requests have the same second. */
let lastStamp = { second: NaN, text: "" };

/** A moment as signatures write it: `20260304T050607Z`. */
export function stampOf(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (lastStamp.second !== second) lastStamp = { second, text: date.toISOString().replace(/[:-]|\.\d{3}/g, "") };
  return lastStamp.text;
}

/** What aws4fetch's signer has after its constructor, as far as the two methods that are called here look at it. */
interface Fields {
  readonly method: string;
  readonly accessKeyId: string;
  readonly datetime: string;
  readonly credentialString: string;
  readonly signedHeaders: string;
  readonly canonicalHeaders: string;
  readonly encodedPath: string;
  readonly encodedSearch: string;
  hexBodyHash(): string;
  signature(): Promise<string>;
}

interface Signer {
  authHeader(this: Fields): Promise<string>;
  canonicalString(this: Fields): Promise<string>;
}

/** A function, since a constant would keep aws4fetch in bundles that never sign. */
const signer = (): Signer => AwsV4Signer.prototype as unknown as Signer;

/** An encoded path that URL parsing leaves as it is. It would collapse segments that are dots, also encoded ones. */
const STABLE = /^(\/(?!(\.|%2e){1,2}(\/|$))[\w.~%-]*)+$/i;

/**
 * The fields that aws4fetch's constructor would make of a request. The constructor itself is not used: it parses URL and headers into objects
 * and writes them out again, which takes several times as long as the signature.
 */
function fieldsOf(
  { method, url, path, headers, hash }: Signable,
  { identity, region }: Place,
  datetime: string,
): Fields {
  // The request would go to another object, or to the bucket.
  if (!STABLE.test(path)) throw new StorageError("invalid-key", "this key cannot be sent in a URL unchanged");
  const names = namesOf(headers);
  const day = datetime.slice(0, 8);
  let canonicalHeaders = "";
  for (const name of names) {
    const value = headers[name]?.replace(/\s+/g, " ") ?? hostOf(url);
    canonicalHeaders += `${canonicalHeaders && "\n"}${name}:${value}`;
  }
  const mark = url.indexOf("?");
  return {
    method,
    accessKeyId: identity.accessKeyId,
    datetime,
    credentialString: `${day}/${region}/s3/aws4_request`,
    signedHeaders: names.join(";"),
    canonicalHeaders,
    encodedPath: path,
    encodedSearch: mark < 0 ? "" : sorted(url.slice(mark + 1)),
    hexBodyHash: () => hash ?? headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
    async signature() {
      const hashed = await sha256Hex(await signer().canonicalString.call(this));
      return hmacHex(
        await dayKey(identity, day, region),
        `AWS4-HMAC-SHA256\n${datetime}\n${this.credentialString}\n${hashed}`,
      );
    },
  };
}

/** The signature of a request at a moment, `20260304T050607Z`, such as the one that a request to the gateway must have. */
export function signatureOf(request: Signable, place: Place, datetime: string): Promise<string> {
  return fieldsOf(request, place, datetime).signature();
}

/**
 * Adds date, token and Authorization to the headers, which must have `x-amz-content-sha256`. Gives the same object, since a copy costs as much
 * as the signature.
 */
export async function signHeaders(
  request: Signable & { headers: Record<string, string> },
  scope: Scope,
): Promise<Record<string, string>> {
  const { headers } = request;
  const { sessionToken } = scope.identity;
  const datetime = stampOf(scope.date);
  headers["x-amz-date"] = datetime;
  if (sessionToken) headers["x-amz-security-token"] = sessionToken;
  headers["authorization"] = await signer().authHeader.call(fieldsOf(request, scope, datetime));
  return headers;
}

/** A URL with the signature in its query, valid for `expiresIn` seconds. Whoever uses it must send the headers as given. */
export async function signUrl(request: Signable, scope: Scope, expiresIn: number): Promise<string> {
  const { accessKeyId, sessionToken } = scope.identity;
  const datetime = stampOf(scope.date);
  const query = Object.entries({
    Algorithm: "AWS4-HMAC-SHA256",
    Credential: `${accessKeyId}/${datetime.slice(0, 8)}/${scope.region}/s3/aws4_request`,
    Date: datetime,
    Expires: String(expiresIn),
    ...(sessionToken && { "Security-Token": sessionToken }),
    SignedHeaders: namesOf(request.headers).join(";"),
  }).map(([name, value]) => `X-Amz-${name}=${encodeRfc3986(value)}`);
  const url = `${request.url}${request.url.includes("?") ? "&" : "?"}${query.join("&")}`;
  return `${url}&X-Amz-Signature=${await signatureOf({ ...request, url }, scope, datetime)}`;
}

/** A query sorted by name, then by value. With "!" in place of "=", since that sorts before all characters of an encoded name. */
function sorted(query: string): string {
  return query.replaceAll("=", "!").split("&").sort().join("&").replaceAll("!", "=");
}

function namesOf(headers: Signable["headers"]): string[] {
  const names = Object.keys(headers);
  if (headers["host"] === undefined) names.push("host");
  return names.sort();
}

/** The last host that was asked for: a client has only one. */
let lastHost = { origin: "", host: "" };

/** The host of a URL, without the port when that is the scheme's own. */
function hostOf(url: string): string {
  const origin = url.slice(0, url.indexOf("/", 8));
  if (lastHost.origin !== origin) lastHost = { origin, host: new URL(origin).host };
  return lastHost.host;
}
