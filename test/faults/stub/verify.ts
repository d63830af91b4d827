/**
 * Signature Version 4 as a server checks it, written from the specification and without the code it is to check.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { split, type RequestHead } from "../operation.ts";
import { Refused } from "./answer.ts";

/** What a signature is checked against. */
export interface Guard {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** The server's time in milliseconds. */
  readonly now: number;
}

/** What the request says of its signature. */
interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payload: string;
  readonly query: readonly string[];
  /** Seconds; only in the query. */
  readonly expires?: number;
}

const SKEW = 15 * 60 * 1000;
const LONGEST = 604_800;

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "utf8").digest();

/** Rejects what AWS rejects: another signature, an unsigned `x-amz-` header, another payload, another day, another region. */
export function verify(head: RequestHead, body: Uint8Array, guard: Guard): void {
  const pairs = split(head.target, "?")[1].split("&");
  const queried = pairs.some((pair) => pair.startsWith("X-Amz-Signature="));
  const claim = queried ? fromQuery(pairs, head.headers) : fromHeader(head, pairs);
  const [keyId, day, region, service, end] = claim.credential.split("/");
  if (keyId !== guard.accessKeyId)
    throw new Refused(403, "InvalidAccessKeyId", "unknown key", { AWSAccessKeyId: `${keyId}` });
  if (day !== claim.date.slice(0, 8) || service !== "s3" || end !== "aws4_request")
    throw new Refused(400, "AuthorizationHeaderMalformed", "the credential's scope is wrong");
  if (region !== guard.region) throw wrongRegion(region, guard.region);
  checkTime(claim, guard.now);
  checkSigned(claim, head.headers);

  const canonical = [
    head.method,
    normal(split(head.target, "?")[0], "/"),
    claim.query
      .map((pair) =>
        split(pair, "=")
          .map((part) => normal(part))
          .join("="),
      )
      .sort(byBytes)
      .join("&"),
    ...claim.signedHeaders.map((name) => `${name}:${(head.headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    claim.signedHeaders.join(";"),
    claim.payload,
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", claim.date, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join("\n");
  if (!isSigned(toSign, String(day), claim.signature, guard)) {
    // AWS repeats all of this to whoever asks.
    const more = { AWSAccessKeyId: keyId, StringToSign: toSign, SignatureProvided: claim.signature };
    throw new Refused(403, "SignatureDoesNotMatch", `does not match; canonical request: ${canonical}`, more);
  }
  checkPayload(claim, body);
}

/** Whether a signature is that of a text, by the keys of a day. */
export function isSigned(text: string, day: string, signature: string, { region, secretAccessKey }: Guard): boolean {
  const steps = [day, region, "s3", "aws4_request"];
  const key = steps.reduce<Buffer>((made, step) => hmac(made, step), Buffer.from(`AWS4${secretAccessKey}`));
  const [wanted, given] = [hmac(key, text), Buffer.from(signature, "hex")];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function fromHeader({ headers }: RequestHead, query: readonly string[]): Claim {
  const found = /^AWS4-HMAC-SHA256 Credential=(\S+?), ?SignedHeaders=(\S+?), ?Signature=([0-9a-f]+)$/.exec(
    headers["authorization"] ?? "",
  );
  if (!found) throw new Refused(403, "AccessDenied", "no signature");
  const [, credential = "", names = "", signature = ""] = found;
  const payload = headers["x-amz-content-sha256"];
  if (!payload) throw new Refused(400, "InvalidRequest", "x-amz-content-sha256 is missing");
  if (payload.startsWith("STREAMING-")) throw new Refused(501, "NotImplemented", "no chunked signatures");
  const date = headers["x-amz-date"] ?? "";
  return {
    credential,
    signature,
    date,
    payload,
    signedHeaders: names.split(";"),
    query: query.filter((pair) => pair !== ""),
  };
}

function fromQuery(pairs: readonly string[], headers: RequestHead["headers"]): Claim {
  const value = (name: string): string =>
    decodeURIComponent(split(pairs.find((pair) => pair.startsWith(`${name}=`)) ?? "", "=")[1]);
  if (value("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256")
    throw new Refused(400, "AuthorizationQueryParametersError", "X-Amz-Algorithm is wrong");
  return {
    credential: value("X-Amz-Credential"),
    signature: value("X-Amz-Signature"),
    date: value("X-Amz-Date"),
    payload: headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
    signedHeaders: value("X-Amz-SignedHeaders").split(";"),
    query: pairs.filter((pair) => !pair.startsWith("X-Amz-Signature=")),
    expires: Number(value("X-Amz-Expires") || Number.NaN),
  };
}

/** The refusal of a signature for another region, which names the right one. */
export function wrongRegion(given: string | undefined, wanted: string): Refused {
  const message = `the region '${given}' is wrong; expecting '${wanted}'`;
  return new Refused(
    400,
    "AuthorizationHeaderMalformed",
    message,
    { Region: wanted },
    { "x-amz-bucket-region": wanted },
  );
}

function checkTime({ date, expires }: Claim, now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number);
  if (!parts) throw new Refused(403, "AccessDenied", "a signed request needs X-Amz-Date");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  if (expires === undefined) {
    if (Math.abs(now - signed) <= SKEW) return;
    const more = {
      RequestTime: date,
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(SKEW),
    };
    throw new Refused(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      more,
    );
  }
  if (!Number.isInteger(expires) || expires < 1 || expires > LONGEST)
    throw new Refused(400, "AuthorizationQueryParametersError", `X-Amz-Expires must be 1 to ${LONGEST}`);
  if (signed > now + SKEW) throw new Refused(403, "AccessDenied", "Request is not valid yet");
  if (now >= signed + expires * 1000) throw new Refused(403, "AccessDenied", "Request has expired");
}

function checkSigned({ signedHeaders }: Claim, headers: RequestHead["headers"]): void {
  const missing = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signedHeaders.includes(name));
  if (!signedHeaders.includes("host") || missing.length > 0)
    throw new Refused(403, "AccessDenied", "There were headers present in the request which were not signed", {
      HeadersNotSigned: missing.join(", "),
    });
}

function checkPayload({ payload }: Claim, body: Uint8Array): void {
  if (payload === "UNSIGNED-PAYLOAD" || payload === sha256(body)) return;
  throw new Refused(
    400,
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );
}

/** Decoded and encoded again, each byte as the specification has it: what was encoded otherwise was signed otherwise. */
function normal(text: string, kept = ""): string {
  const bytes = Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-._~]/.test(character) || (kept !== "" && kept === character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/** By name, then by value: `a=1` comes before `a-b=1` although `-` is less than `=`. */
function byBytes(left: string, right: string): number {
  const [a, b] = [split(left, "="), split(right, "=")];
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}
