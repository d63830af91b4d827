/**
 * The body of a request, checked as it streams: length, hash, signatures of its chunks, checksums. If a check fails,
 * the stream errors instead of ending, so that nothing is stored.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
import { bytesOf } from "../bytes.ts";
import type { ChecksumAlgorithm, Hasher } from "../checksum/algorithm.ts";
import { crc32, crc32c, crc64nvme, sha256 } from "../checksum.ts";
import { MAX_PART } from "../plan.ts";
import type { Keys, Signed } from "./authenticate.ts";
import { bodyOf } from "./body.ts";
import { chunks, type Trailers } from "./chunked.ts";
import { md5 } from "./md5.ts";
import type { Received } from "./received.ts";
import { Refusal, tooLarge } from "./refusal.ts";

/** A body that is checked as it is read. */
export interface Payload {
  readonly body: AsyncGenerator<Uint8Array, void, void>;
  /** The announced length in bytes. */
  readonly size: number | undefined;
  /** The headers of the answer with the computed checksums; complete once the body has been read. */
  readonly answer: Readonly<Record<string, string>>;
}

/** The most bytes of one body, as on S3: without a limit anybody with a presigned URL could fill the disk. */
export const MAX_BODY: number = MAX_PART;
const ALGORITHMS: readonly ChecksumAlgorithm[] = [crc32, crc32c, crc64nvme, sha256];
/** Headers with a checksum, and not those with its type or algorithm. */
const CHECKSUM = /^x-amz-checksum-(?!type$|algorithm$|mode$)/;

/** A check of all bytes: the hasher, and the value that it must have at the end. */
interface Check {
  readonly hasher: Hasher;
  readonly expected: () => string | undefined;
  readonly refusal: (value: string) => Refusal;
  /** The header of the answer for the value. */
  readonly header?: string;
}

/** The body of a request; `signed` is null for an anonymous one. */
export function payloadOf(received: Received, signed: Signed | null, keys: Keys): Payload {
  const { headers, request } = received;
  const hash = signed?.hash ?? "UNSIGNED-PAYLOAD";
  const framed = hash.startsWith("STREAMING-");
  const decoded = sizeOf(headers.get("x-amz-decoded-content-length"));
  if (framed && decoded === undefined)
    throw new Refusal("InvalidRequest", "A body in pieces needs x-amz-decoded-content-length.");
  const size = decoded ?? sizeOf(headers.get("content-length"));
  if (size !== undefined && size > MAX_BODY) throw tooLarge();
  const trailers = announced(headers);
  if (trailers.size > 0 && !hash.endsWith("-TRAILER"))
    throw new Refusal("InvalidRequest", "x-amz-trailer needs an x-amz-content-sha256 that ends in -TRAILER.");
  const checks = [...checksumChecks(headers, trailers), ...hashCheck(hash), ...md5Check(headers.get("content-md5"))];
  const answer: Record<string, string> = {};
  const open = (): AsyncGenerator<Uint8Array, void, void> => {
    const bytes = bytesOf(bodyOf(request));
    if (framed && signed) return chunks(bytes, signed, keys, trailers);
    return (async function* () {
      try {
        for (let piece = await bytes.some(Infinity); piece; piece = await bytes.some(Infinity)) yield piece;
      } finally {
        await bytes.cancel().catch(() => {});
      }
    })();
  };
  return { body: checked(open, size, checks, answer), size, answer };
}

async function* checked(
  open: () => AsyncGenerator<Uint8Array, void, void>,
  size: number | undefined,
  checks: readonly Check[],
  answer: Record<string, string>,
): AsyncGenerator<Uint8Array, void, void> {
  let count = 0;
  for await (const piece of open()) {
    count += piece.byteLength;
    if (count > (size ?? MAX_BODY)) throw size === undefined ? tooLarge() : incomplete();
    for (const { hasher } of checks) await hasher.update(piece);
    yield piece;
  }
  if (size !== undefined && count !== size) throw incomplete();
  for (const { hasher, expected, refusal, header } of checks) {
    const value = await hasher.digest();
    if (value !== expected()) throw refusal(value);
    if (header !== undefined) answer[header] = value;
  }
}

/** A length in a header; undefined if absent. */
function sizeOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Refusal("InvalidArgument", "The length must be a whole number of bytes.");
  return Number(value);
}

/** The headers of the trailer, by name; their values come behind the body. */
function announced(headers: Headers): Trailers {
  const names = (headers.get("x-amz-trailer") ?? "").toLowerCase().split(",");
  return new Map(names.map((name) => [name.trim(), undefined] as const).filter(([name]) => name !== ""));
}

/** A check for each checksum in headers and trailer. */
function* checksumChecks(headers: Headers, trailers: Trailers): Generator<Check, void, void> {
  const places = [
    ...checksumsIn(headers).map(([name]) => [name, headers] as const),
    ...[...trailers.keys()].map((name) => [name, trailers] as const),
  ];
  for (const [header, values] of places) {
    const algorithm = algorithmIn(header);
    if (!algorithm)
      throw new Refusal(
        "NotImplemented",
        `${header.slice(0, 64)} is not checked here; use CRC32, CRC32C, CRC64NVME or SHA256.`,
      );
    yield {
      header,
      hasher: algorithm.create(),
      expected: () => values.get(header) ?? undefined,
      refusal: () => new Refusal("BadDigest", `The ${algorithm.name} you specified did not match what we received.`),
    };
  }
}

/** A check of the signed hash, if there is one. */
function hashCheck(hash: string): readonly Check[] {
  if (hash === "UNSIGNED-PAYLOAD" || hash.startsWith("STREAMING-")) return [];
  if (!/^[\da-f]{64}$/i.test(hash))
    throw new Refusal(
      "InvalidArgument",
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or a SHA-256 in hex.",
    );
  const check: Check = {
    hasher: sha256.create(),
    expected: () => base64(hash),
    refusal: () =>
      new Refusal(
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      ),
  };
  return [check];
}

/** A check of `Content-MD5`, if there is one. */
function md5Check(digest: string | null): readonly Check[] {
  if (digest === null) return [];
  if (!/^[A-Za-z\d+/]{22}==$/.test(digest))
    throw new Refusal("InvalidDigest", "The Content-MD5 you specified was invalid.");
  const check: Check = {
    hasher: md5(),
    expected: () => digest,
    refusal: () => new Refusal("BadDigest", "The Content-MD5 you specified did not match what we received."),
  };
  return [check];
}

function incomplete(): Refusal {
  return new Refusal(
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header",
  );
}

function base64(hex: string): string {
  return btoa(hex.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))));
}

/** The headers with a checksum, and their values. */
export function checksumsIn(headers: Headers): [name: string, value: string][] {
  return [...headers].filter(([name]) => CHECKSUM.test(name));
}

/** The algorithm of a checksum header; undefined for an unknown one. */
export function algorithmIn(header: string): ChecksumAlgorithm | undefined {
  return ALGORITHMS.find((one) => one.header === header);
}

/** The algorithm with a name such as `CRC32C`; undefined for an unknown one. */
export function algorithmOf(name: string | null): ChecksumAlgorithm | undefined {
  return ALGORITHMS.find((one) => one.name === name?.toUpperCase());
}
