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

/** What is signed: every header that is given, so give only those that arrive unchanged. */
export interface Signable {
  readonly method: string;
  /** Absolute and fully percent-encoded, each query parameter as `name=value` and once. */
  readonly url: string;
  /** The path within `url`. */
  readonly path: string;
  /** Lower-case names. `host` is the URL's unless it is among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in hex, or what stands for it. Default: what `x-amz-content-sha256` says, else that it is not signed. */
  readonly hash?: string;
}

/** Signing keys by day, region and secret. A new day or a new secret is rare, so a handful is enough. */
const MOST_DAY_KEYS = 16;
const dayKeys = new Map<string, HmacKey>();

/** The key that signs in a region on a day, `20260304`. */
export async function dayKey({ secretAccessKey }: Identity, day: string, region: string): Promise<HmacKey> {
  // A region has no slash, so nothing in a secret reads as another day or region.
  const id = `${day}/${region}/${secretAccessKey}`;
  let key = dayKeys.get(id);
  if (!key) {
    let made: Uint8Array | string = `AWS4${secretAccessKey}`;
    for (const step of [day, region, "s3", "aws4_request"]) made = await hmac(made, step);
    key = await hmacKey(made as Uint8Array);
    if (dayKeys.size >= MOST_DAY_KEYS) dayKeys.delete(dayKeys.keys().next().value as string);
    dayKeys.set(id, key);
  }
  return key;
}

/** A moment as signatures write it: `20260304T050607Z`. */
export function stampOf(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (stamp.second !== second) stamp = { second, text: date.toISOString().replace(/[:-]|\.\d{3}/g, "") };
  return stamp.text;
}

// Requests of one second follow each other.
let stamp = { second: NaN, text: "" };

/** What aws4fetch's signer knows when its constructor has run, as far as its methods that we call look at it. */
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

/** Asked for when it signs: asked for at once, it would stay in bundles that never do. */
const signer = (): Signer => AwsV4Signer.prototype as unknown as Signer;

/** An encoded path that URL parsing leaves as it is: it collapses dot segments, also encoded ones. */
const STABLE = /^(\/(?!(\.|%2e){1,2}(\/|$))[\w.~%-]*)+$/i;

/**
 * The fields that aws4fetch's constructor would make of the same request. That one parses the URL and the headers into objects
 * and writes them out again, which takes several times as long as the signature.
 */
function fieldsOf(
  { method, url, path, headers, hash }: Signable,
  { identity, region }: Place,
  datetime: string,
): Fields {
  // What would be signed then is another object's address, or the bucket's.
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

/** The signature that a request must have: what whoever holds the keys would have signed it with at that moment, `20260304T050607Z`. */
export function signatureOf(request: Signable, place: Place, datetime: string): Promise<string> {
  return fieldsOf(request, place, datetime).signature();
}

/**
 * Adds date, token and Authorization to the headers, and gives them: the very ones, since a copy costs as much as the signature.
 * Give `x-amz-content-sha256`.
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

/** The URL to give away, valid for `expiresIn` seconds; whoever uses it must send the headers as given. */
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

/** A query by name, then by value: "!" is below all that they are written with, "=" is not. */
function sorted(query: string): string {
  return query.replaceAll("=", "!").split("&").sort().join("&").replaceAll("!", "=");
}

function namesOf(headers: Signable["headers"]): string[] {
  const names = Object.keys(headers);
  if (headers["host"] === undefined) names.push("host");
  return names.sort();
}

/** As a URL has it: without a scheme's own port. One client asks for one host, so the last one is kept. */
function hostOf(url: string): string {
  const origin = url.slice(0, url.indexOf("/", 8));
  if (last.origin !== origin) last = { origin, host: new URL(origin).host };
  return last.host;
}

let last = { origin: "", host: "" };
