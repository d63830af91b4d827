/** What a checksum algorithm is: types only. The algorithms are in `unbucket/checksum`, so that who uses none carries none. */
import type { Place } from "../error.ts";

/** Takes bytes as they come. */
export interface Hasher {
  /** The next bytes, which must not change before this has resolved. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** The value of all bytes in base64, as S3 writes it. Called once, after the last `update`. */
  digest(): string | Promise<string>;
}

/**
 * How a store is told what bytes must arrive, and how a download is checked. A plain object: `{ ...crc32c, type: "composite" }`
 * suits a store that has no whole-object values.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export interface ChecksumAlgorithm {
  /** As S3 writes it: `CRC32C`. */
  readonly name: string;
  /** Lower case: `x-amz-checksum-crc32c`. */
  readonly header: string;
  /** What an object of several parts has: a value of all its bytes, or only one of its parts' values. */
  readonly type: "full" | "composite";
  /** Begins the value of a stream. */
  create(): Hasher;
  /** The value of bytes that are in memory, in base64. */
  of(bytes: Uint8Array): string | Promise<string>;
  /** The same bytes; errors `corrupt` at the end when they do not have the value, and says of which place. */
  verified(stream: ReadableStream<Uint8Array>, expected: string, place?: Place): ReadableStream<Uint8Array>;
  /** The value of two pieces as one, from their values and the length in bytes of the second. Needed by `full`. */
  combine?(first: string, second: string, secondBytes: number): string;
}

/** What the bytes that are sent must have. */
export interface ExpectedChecksum {
  /** As S3 writes it, `SHA256` or `CRC32C`: the `name` of an algorithm of `unbucket/checksum`. */
  readonly name: string;
  /** In base64: what `of(bytes)` of the algorithm gives. */
  readonly value: string;
}
