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
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** When the keys, and every URL signed with them, stop working. */
  readonly expiration?: Date | undefined;
}

/** Who signs, for which region, at which time. */
export interface Scope {
  readonly identity: Identity;
  readonly region: string;
  readonly date: Date;
}

/** What is signed: every header that is given, so give only those that arrive unchanged. */
export interface Signable {
  readonly method: string;
  /** Absolute and fully percent-encoded, each query parameter as `name=value` and once. */
  readonly url: string;
  /** The path within `url`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
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

class Signer extends AwsV4Signer {
  declare readonly payload: string;

  override async signature(): Promise<string> {
    return hmacHex(await dayKey(this, this.datetime.slice(0, 8), this.region), await this.stringToSign());
  }

  override async stringToSign(): Promise<string> {
    const hash = await sha256Hex(await this.canonicalString());
    return `AWS4-HMAC-SHA256\n${this.datetime}\n${this.credentialString}\n${hash}`;
  }

  override async hexBodyHash(): Promise<string> {
    return this.payload;
  }
}

/** An encoded path that URL parsing leaves as it is: it collapses dot segments, also encoded ones. */
const STABLE = /^(\/(?!(\.|%2e){1,2}(\/|$))[\w.~%-]*)+$/i;

/**
 * A signer with the fields that aws4fetch's constructor would give it for the same request. That one parses the URL and the
 * headers into objects and writes them out again, which takes several times as long as the signature.
 */
function signer(
  { method, url, path }: Signable,
  headers: Signable["headers"],
  { identity, region }: Scope,
  datetime: string,
): Signer {
  // What would be signed then is another object's address, or the bucket's.
  if (!STABLE.test(path)) throw new StorageError("invalid-key", "this key cannot be sent in a URL unchanged");
  const names = namesOf(headers);
  const { accessKeyId, secretAccessKey } = identity;
  return {
    __proto__: Signer.prototype,
    method,
    accessKeyId,
    secretAccessKey,
    region,
    datetime,
    credentialString: `${datetime.slice(0, 8)}/${region}/s3/aws4_request`,
    signedHeaders: names.join(";"),
    canonicalHeaders: names
      .map((name) => `${name}:${(name === "host" ? hostOf(url) : (headers[name] as string)).replace(/\s+/g, " ")}`)
      .join("\n"),
    encodedPath: path,
    // By name, then by value: "!" is below all that they are written with, "=" is not.
    encodedSearch: (url.split("?")[1] ?? "").replaceAll("=", "!").split("&").sort().join("&").replaceAll("!", "="),
    payload: headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
  } as unknown as Signer;
}

/** The headers to send: those given, with date, token and Authorization. Give `x-amz-content-sha256`. */
export async function signHeaders(request: Signable, scope: Scope): Promise<Record<string, string>> {
  const { sessionToken } = scope.identity;
  const datetime = stampOf(scope.date);
  const headers: Record<string, string> = { ...request.headers, "x-amz-date": datetime };
  if (sessionToken) headers["x-amz-security-token"] = sessionToken;
  headers["authorization"] = await signer(request, headers, scope, datetime).authHeader();
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
  return `${url}&X-Amz-Signature=${await signer({ ...request, url }, request.headers, scope, datetime).signature()}`;
}

function namesOf(headers: Signable["headers"]): string[] {
  return [...Object.keys(headers), "host"].sort();
}

/** As a URL has it: without a scheme's own port. One client asks for one host, so the last one is kept. */
function hostOf(url: string): string {
  const origin = url.slice(0, url.indexOf("/", 8));
  if (last.origin !== origin) last = { origin, host: new URL(origin).host };
  return last.host;
}

let last = { origin: "", host: "" };
