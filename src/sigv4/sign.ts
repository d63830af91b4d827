/**
 * AWS Signature Version 4 for S3: aws4fetch builds the canonical request, its two hashing steps run on `#digest`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { hmac, hmacHex, sha256Hex } from "#digest";
import { AwsV4Signer } from "aws4fetch";
import { StorageError } from "../error.ts";

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
  /** Absolute and fully percent-encoded; its path must be what `path` says after URL parsing. */
  readonly url: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Signing keys by secret, day and region. A new day or a new secret is rare, so a handful is enough. */
const MOST_DAY_KEYS = 16;
const dayKeys = new Map<string, Uint8Array>();

/** The key that signs in a region on a day, `20260304`. */
export async function dayKey({ secretAccessKey }: Identity, day: string, region: string): Promise<Uint8Array> {
  const id = JSON.stringify([secretAccessKey, day, region]);
  let key = dayKeys.get(id);
  if (!key) {
    key = await hmac(await hmac(await hmac(await hmac(`AWS4${secretAccessKey}`, day), region), "s3"), "aws4_request");
    if (dayKeys.size >= MOST_DAY_KEYS) dayKeys.delete(dayKeys.keys().next().value as string);
    dayKeys.set(id, key);
  }
  return key;
}

/** A moment as signatures write it: `20260304T050607Z`. */
export function stampOf(date: Date): string {
  return date.toISOString().replace(/[:-]|\.\d{3}/g, "");
}

class Signer extends AwsV4Signer {
  override async signature(): Promise<string> {
    return hmacHex(await dayKey(this, this.datetime.slice(0, 8), this.region), await this.stringToSign());
  }

  override async stringToSign(): Promise<string> {
    return [
      "AWS4-HMAC-SHA256",
      this.datetime,
      this.credentialString,
      await sha256Hex(await this.canonicalString()),
    ].join("\n");
  }
}

function signer(request: Signable, scope: Scope, signQuery: boolean): Signer {
  const made = new Signer({
    method: request.method,
    url: request.url,
    headers: { ...request.headers },
    accessKeyId: scope.identity.accessKeyId,
    secretAccessKey: scope.identity.secretAccessKey,
    ...(scope.identity.sessionToken ? { sessionToken: scope.identity.sessionToken } : {}),
    service: "s3",
    region: scope.region,
    datetime: stampOf(scope.date),
    allHeaders: true,
    signQuery,
  });
  // URL parsing collapses dot segments: what would be signed then is another object's address, or the bucket's.
  if (made.url.pathname !== request.path)
    throw new StorageError("invalid-key", "this key cannot be sent in a URL unchanged");
  return made;
}

/** The headers to send: those given, with date, token and Authorization. Give `x-amz-content-sha256`. */
export async function signHeaders(request: Signable, scope: Scope): Promise<Record<string, string>> {
  const { headers } = await signer(request, scope, false).sign();
  return Object.fromEntries(headers);
}

/** The URL to give away, valid for `expiresIn` seconds; whoever uses it must send the headers as given. */
export async function signUrl(request: Signable, scope: Scope, expiresIn: number): Promise<string> {
  const made = signer({ ...request, url: withExpiry(request.url, expiresIn) }, scope, true);
  const { url } = await made.sign();
  // The signature is over %20; URLSearchParams writes a space as "+", which strict servers read as a plus.
  url.search = url.search.replaceAll("+", "%20");
  return url.href;
}

function withExpiry(url: string, expiresIn: number): string {
  return `${url}${url.includes("?") ? "&" : "?"}X-Amz-Expires=${expiresIn}`;
}
