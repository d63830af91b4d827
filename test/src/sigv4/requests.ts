/** Generated requests with ugly keys, queries and headers, the same for the same seed. */
import { encodePath } from "../../../src/key.ts";
import { encodeRfc3986 } from "../../../src/sigv4/encode.ts";
import type { Identity, Signable } from "../../../src/sigv4/sign.ts";

/** When all of them are signed. */
export const date: Date = new Date("2026-03-04T05:06:07.890Z");

/** The hash of no bytes. */
export const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const identity: Identity = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

/** Reproducible choices. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const ALPHABET = [..."abcXYZ019-._~!'()*+ &=%#?:;@$,/\\|^`{}[]<>\"é漢😀\u0001\u007f"];

function text(next: (below: number) => number, most: number): string {
  return Array.from({ length: 1 + next(most) }, () => ALPHABET[next(ALPHABET.length)]).join("");
}

/** A request with an ugly key, an ugly query and some headers. */
export function request(seed: number): Signable {
  const next = random(seed);
  const key = text(next, 40)
    .split("/")
    .map((segment) => (segment === "." || segment === ".." ? "dots" : segment))
    .join("/");
  const path = `/bucket/${encodePath(key)}`;
  const names = [...new Set(Array.from({ length: next(4) }, () => text(next, 8)))];
  const query = names.map((name) => `${encodeRfc3986(name)}=${encodeRfc3986(next(5) === 0 ? "" : text(next, 20))}`);
  const headers: Record<string, string> = { "x-amz-content-sha256": EMPTY };
  if (next(2)) headers["content-type"] = "text/plain;charset=utf-8";
  if (next(2)) headers["x-amz-meta-note"] = "a value, with = and (brackets)";
  if (next(3) === 0) headers["if-none-match"] = "*";
  const host = ["localhost:9000", "b.s3.eu-west-1.amazonaws.com", "127.0.0.1", "[::1]:80"][next(4)];
  const method = ["GET", "PUT", "HEAD", "DELETE", "POST"][next(5)] ?? "GET";
  return {
    method,
    url: `${next(2) ? "https" : "http"}://${host}${path}${query.length ? `?${query.join("&")}` : ""}`,
    path,
    headers,
  };
}

/** Who signs the request of a seed, and where: with and without a session token, in two regions. */
export function signerOf(seed: number): { readonly identity: Identity; readonly region: string } {
  const who = seed % 3 === 0 ? { ...identity, sessionToken: `token/+=${seed}` } : identity;
  return { identity: who, region: seed % 2 ? "us-east-1" : "auto" };
}

/** How long a presigned URL of a seed lives, in seconds. */
export function expiryOf(seed: number): number {
  return 1 + ((seed * 7919) % 604_800);
}

/** A request as it is presigned: the payload is not known then. */
export function presignable(seed: number): Signable {
  const { "x-amz-content-sha256": _, ...headers } = request(seed).headers as Record<string, string>;
  return { ...request(seed), headers };
}
