/**
 * Signature Version 4 as a client writes it, from the specification and by Node's crypto: none of it is the code that is tested.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { createHash, createHmac } from "node:crypto";

/** Who signs, for where, when. */
export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly date: Date;
}

/** What is signed. */
export interface Plain {
  readonly method: string;
  readonly url: string;
  /** By lower-case name; all are signed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body. Default: that it is not signed. */
  readonly hash?: string;
}

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

export const UNSIGNED = "UNSIGNED-PAYLOAD";

/** `20260304T050607Z` */
export function stamp(date: Date): string {
  return date.toISOString().replace(/[:-]|\.\d{3}/g, "");
}

/** What a credential says behind the access key. */
export function scopeOf({ region, date }: Signer): string {
  return `${stamp(date).slice(0, 8)}/${region}/s3/aws4_request`;
}

/** The signature of a text. */
export function signText(text: string, { secretAccessKey, region, date }: Signer): string {
  const steps = [stamp(date).slice(0, 8), region, "s3", "aws4_request"];
  const key = steps.reduce<string | Buffer>((made, step) => hmac(made, step), `AWS4${secretAccessKey}`);
  return hmac(key as Buffer, text).toString("hex");
}

function signatureOf({ method, url, headers = {}, hash = UNSIGNED }: Plain, signer: Signer): string {
  const { host, pathname, search } = new URL(url);
  const all: Readonly<Record<string, string>> = { host, ...headers };
  const names = Object.keys(all).sort();
  const query = search.slice(1).split("&").filter(Boolean);
  const pairs = query.map((pair) => (pair.includes("=") ? pair : `${pair}=`)).sort();
  const lines = names.map((name) => `${name}:${all[name]}\n`).join("");
  const canonical = [method, pathname, pairs.join("&"), lines, names.join(";"), hash].join("\n");
  return signText(["AWS4-HMAC-SHA256", stamp(signer.date), scopeOf(signer), sha256(canonical)].join("\n"), signer);
}

/** The headers of a request that is signed in its header, and the signature. */
export function signHeader(
  plain: Plain,
  signer: Signer,
): { readonly headers: Record<string, string>; readonly signature: string } {
  const { hash = UNSIGNED, url } = plain;
  const headers = { "x-amz-date": stamp(signer.date), "x-amz-content-sha256": hash, ...plain.headers };
  const signature = signatureOf({ ...plain, headers }, signer);
  const names = ["host", ...Object.keys(headers)].sort().join(";");
  const authorization = `AWS4-HMAC-SHA256 Credential=${signer.accessKeyId}/${scopeOf(signer)}, SignedHeaders=${names}, Signature=${signature}`;
  return { headers: { host: new URL(url).host, ...headers, authorization }, signature };
}

/** The URL of a request that is signed in its query; `more` replaces parameters of the signature. */
export function signQuery(plain: Plain, signer: Signer, more: Readonly<Record<string, string>> = {}): string {
  const parameters = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${signer.accessKeyId}/${scopeOf(signer)}`,
    "X-Amz-Date": stamp(signer.date),
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": ["host", ...Object.keys(plain.headers ?? {})].sort().join(";"),
    ...more,
  };
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const url = `${plain.url}${plain.url.includes("?") ? "&" : "?"}${query.join("&")}`;
  return `${url}&X-Amz-Signature=${signatureOf({ ...plain, url }, signer)}`;
}

/** A body in signed pieces: each piece, and one of no bytes, in its frame; and the signature of the last. */
export function framed(
  pieces: readonly Uint8Array[],
  seed: string,
  signer: Signer,
): { readonly bytes: Buffer; readonly signature: string } {
  let signature = seed;
  const frames = [...pieces, new Uint8Array()].map((piece) => {
    const hashes = [signature, sha256(""), sha256(piece)];
    signature = signText(
      ["AWS4-HMAC-SHA256-PAYLOAD", stamp(signer.date), scopeOf(signer), ...hashes].join("\n"),
      signer,
    );
    const head = Buffer.from(`${piece.byteLength.toString(16)};chunk-signature=${signature}\r\n`);
    return piece.byteLength === 0 ? head : Buffer.concat([head, piece, Buffer.from("\r\n")]);
  });
  return { bytes: Buffer.concat(frames), signature };
}

/** The trailer behind it, signed. */
export function trailer(lines: readonly string[], before: string, signer: Signer): Buffer {
  const text = lines.map((line) => `${line}\n`).join("");
  const parts = ["AWS4-HMAC-SHA256-TRAILER", stamp(signer.date), scopeOf(signer), before, sha256(text)];
  const signature = signText(parts.join("\n"), signer);
  return Buffer.from([...lines, `x-amz-trailer-signature:${signature}`, "", ""].join("\r\n"));
}

/** The keys of Amazon's examples, and the moment that they are signed at. */
export const EXAMPLE: Signer = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
  date: new Date("2013-05-24T00:00:00Z"),
};
