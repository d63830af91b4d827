/**
 * Authenticates a request: computes its signature, of the header or the query, again and compares it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { hmacHex } from "#digest";
import { MAX_EXPIRY } from "../presign.ts";
import { dayKey, type Identity, signatureOf } from "../sigv4/sign.ts";
import { type Received, searchOf, textOf } from "./received.ts";
import { Refusal } from "./refusal.ts";

/** Who may send requests, and for which region they are signed. */
export interface Keys {
  readonly region: string;
  /** Finds the identity with this access key; undefined if there is none. */
  readonly find: (accessKeyId: string) => Promise<Identity | undefined> | Identity | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What a request with a valid signature has proved. */
export interface Signed {
  readonly identity: Identity;
  /** `20260304T050607Z` */
  readonly datetime: string;
  /** `x-amz-content-sha256`: the hash of the body in hex, or how the body is signed. */
  readonly hash: string;
  readonly signature: string;
}

/** What the signer of a request or form claims. */
export interface Claim {
  /** `key/day/region/s3/aws4_request` */
  readonly credential: string;
  readonly datetime: string;
  readonly token: string | null;
}

/** Milliseconds that a client's clock may be wrong by. */
const SKEW = 15 * 60 * 1000;
const ALGORITHM = "AWS4-HMAC-SHA256";

/** @see https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\da-z-]+$/;

/** Checks the signature of a request; null for an anonymous one. */
export async function authenticate(received: Received, keys: Keys): Promise<Signed | null> {
  const header = received.headers.get("authorization");
  const inQuery = received.query.has("X-Amz-Signature") || received.query.has("X-Amz-Algorithm");
  if (header !== null && inQuery)
    throw new Refusal("InvalidArgument", "Only one auth mechanism allowed; the query or the Authorization header.");
  if (inQuery) return fromQuery(received, keys);
  // Signature version 2, with which some clients still presign by default.
  if (received.query.has("AWSAccessKeyId")) throw unsupported();
  return header === null ? null : fromHeader(received, keys, header);
}

async function fromHeader(received: Received, keys: Keys, header: string): Promise<Signed> {
  const { headers } = received;
  const [, algorithm = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(header) ?? [];
  if (algorithm !== ALGORITHM) throw unsupported();
  const fields = new Map(
    rest.split(",").map((field) => [field.split("=")[0]?.trim(), field.replace(/^[^=]*=/, "").trim()]),
  );
  const [credential, names, signature] = ["Credential", "SignedHeaders", "Signature"].map((name) => fields.get(name));
  if (!credential || !names || !signature) throw malformed("it needs Credential, SignedHeaders and Signature");
  const datetime = headers.get("x-amz-date") ?? timestampOf(headers.get("date"));
  if (Math.abs(keys.now() - momentOf(datetime)) > SKEW)
    throw new Refusal(
      "RequestTimeTooSkewed",
      "The difference between the request time and the server's time is too large.",
    );
  const identity = await identityOf(
    { credential, datetime, token: headers.get("x-amz-security-token") },
    keys,
    malformed,
  );
  const hash = headers.get("x-amz-content-sha256");
  if (hash === null)
    throw new Refusal("InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
  const signed = { identity, datetime, hash, signature };
  await checkSignature(received, keys, signed, names);
  return signed;
}

async function fromQuery(received: Received, keys: Keys): Promise<Signed> {
  const { query, headers } = received;
  const wrong = (why: string): Refusal =>
    new Refusal("AuthorizationQueryParametersError", `The query is malformed: ${why}.`);
  const asked = (name: string): string => {
    const value = query.get(`X-Amz-${name}`);
    if (!value) throw wrong(`X-Amz-${name} is missing`);
    return value;
  };
  if (asked("Algorithm") !== ALGORITHM) throw wrong(`X-Amz-Algorithm only supports ${ALGORITHM}`);
  const [credential, datetime, names, signature] = [
    asked("Credential"),
    asked("Date"),
    asked("SignedHeaders"),
    asked("Signature"),
  ];
  const lasts = asked("Expires");
  if (!/^\d{1,6}$/.test(lasts) || Number(lasts) < 1 || Number(lasts) > MAX_EXPIRY)
    throw wrong(`X-Amz-Expires must be from 1 to ${MAX_EXPIRY}`);
  const [signedAt, now] = [momentOf(datetime), keys.now()];
  if (now >= signedAt + Number(lasts) * 1000) throw new Refusal("AccessDenied", "Request has expired");
  if (now < signedAt - SKEW) throw new Refusal("AccessDenied", "Request is not yet valid");
  const identity = await identityOf(
    { credential, datetime, token: query.get("X-Amz-Security-Token") ?? null },
    keys,
    wrong,
  );
  const inQuery = query.get("X-Amz-Content-Sha256");
  const hash = headers.get("x-amz-content-sha256") ?? inQuery ?? "UNSIGNED-PAYLOAD";
  if (inQuery !== undefined && inQuery !== hash) throw wrong("X-Amz-Content-Sha256 is another than the header");
  const signed = { identity, datetime, hash, signature };
  await checkSignature(received, keys, signed, names);
  return signed;
}

/**
 * Finds the claimed identity, and checks region, day and token; `wrong` makes the refusal of a malformed credential.
 */
export async function identityOf(
  { credential, datetime, token }: Claim,
  { region, find, now }: Keys,
  wrong: (why: string) => Refusal,
): Promise<Identity> {
  // An access key may contain slashes.
  const [, accessKeyId = "", day, theirs = "", service, end] =
    /^(.+)\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(credential) ?? [];
  if (end !== "aws4_request" || service !== "s3")
    throw wrong('the credential must be "<access key>/<day>/<region>/s3/aws4_request"');
  if (theirs !== region) throw wrongRegion(region, theirs);
  if (day !== datetime.slice(0, 8)) throw wrong("the day of the credential is not that of the request");
  const identity = await find(accessKeyId);
  if (!identity)
    throw new Refusal("InvalidAccessKeyId", "The access key ID you provided does not exist in our records.");
  if (!isEqual(identity.sessionToken ?? "", token ?? ""))
    throw new Refusal("InvalidToken", "The provided token is malformed or otherwise not valid.");
  if (identity.expiration && identity.expiration.getTime() <= now())
    throw new Refusal("ExpiredToken", "The provided token has expired.");
  return identity;
}

/** Names the right region, which clients then sign for. */
function wrongRegion(region: string, theirs: string): Refusal {
  const said = `The authorization header is malformed; the region '${theirs.slice(0, 64)}' is wrong; expecting '${region}'`;
  const details = { elements: { Region: region }, headers: { "x-amz-bucket-region": region } };
  return new Refusal("AuthorizationHeaderMalformed", said, details);
}

/** Computes the signature over the listed headers, and compares it; throws if a header that must be signed is not. */
async function checkSignature(received: Received, { region }: Keys, signed: Signed, list: string): Promise<void> {
  const { method, path, headers, host } = received;
  const names = list.toLowerCase().split(";");
  if (!names.every((name) => HEADER_NAME.test(name))) throw malformed("SignedHeaders are names with ; between them");
  const signedNames = new Set(names);
  if (!signedNames.has("host")) throw new Refusal("AccessDenied", "The header host must be signed.");
  for (const name of headers.keys()) {
    // An unsigned header may have been added by anybody on the way.
    if (name.startsWith("x-amz-") && !signedNames.has(name))
      throw new Refusal("AccessDenied", "There were headers present in the request which were not signed");
  }
  const values = names.map((name) => [name, (name === "host" ? host : textOf(headers.get(name) ?? "")).trim()]);
  const { identity, datetime, hash } = signed;
  const request = {
    method,
    path,
    hash,
    url: `?${searchOf(received)}`,
    headers: Object.fromEntries(values) as Record<string, string>,
  };
  const expected = await signatureOf(request, { identity, region }, datetime);
  requireEqual(expected, signed.signature);
}

/** Checks the signature of a text that is signed as it is: the policy of a form, a chunk of a body. */
export async function requireSigned(
  text: string,
  signature: string,
  { identity, datetime }: Pick<Signed, "identity" | "datetime">,
  { region }: Keys,
): Promise<void> {
  requireEqual(await hmacHex(await dayKey(identity, datetime.slice(0, 8), region), text), signature);
}

/** Compares in constant time, which does not tell where they differ. */
function isEqual(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let at = 0; at < expected.length; at++) difference |= expected.charCodeAt(at) ^ given.charCodeAt(at);
  return difference === 0;
}

function requireEqual(expected: string, given: string): void {
  if (isEqual(expected, given)) return;
  const said =
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
  throw new Refusal("SignatureDoesNotMatch", said);
}

function unsupported(): Refusal {
  return new Refusal(
    "InvalidRequest",
    `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`,
  );
}

function malformed(why: string): Refusal {
  return new Refusal("AuthorizationHeaderMalformed", `The authorization header is malformed; ${why}.`);
}

/** When a request was signed, in milliseconds since 1970. */
export function momentOf(datetime: string): number {
  const iso = datetime.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const time = iso === datetime ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(time))
    throw new Refusal("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  return time;
}

/** A `Date` header in the format of signatures; empty if it is no date. */
function timestampOf(date: string | null): string {
  const time = Date.parse(date ?? "");
  return Number.isNaN(time) ? "" : new Date(time).toISOString().replace(/[:-]|\.\d{3}/g, "");
}
