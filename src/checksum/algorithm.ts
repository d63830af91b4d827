/**
 * What a checksum algorithm is: types only. The algorithms are in `unbucket/checksum`, so that only apps that use them
 * bundle them.
 */
import type { Place } from "../error.ts";

/** Computes a checksum over bytes as they come. */
export interface Hasher {
  /** Adds bytes, which must not change before this resolves. */
  update(bytes: Uint8Array): void | Promise<void>;
  /** The checksum of all bytes in base64, as S3 writes it. To be called once, after the last `update`. */
  digest(): string | Promise<string>;
}

/**
 * A checksum algorithm, with which uploads are sent and downloads verified. A plain object: `{ ...crc32c, type:
 * "composite" }` makes one for a store without checksums of whole objects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export interface ChecksumAlgorithm {
  /** The name as S3 writes it, such as `CRC32C`. */
  readonly name: string;
  /** The header in lower case, such as `x-amz-checksum-crc32c`. */
  readonly header: string;
  /**
   * The checksum of an object of several parts: over all its bytes (`full`), or over the checksums of its parts
   * (`composite`).
   */
  readonly type: "full" | "composite";
  /** Makes a hasher, for a stream. */
  create(): Hasher;
  /** The checksum of bytes in memory, in base64. */
  of(bytes: Uint8Array): string | Promise<string>;
  /**
   * The same stream, which errors `corrupt` at its end if the checksum is not the expected one; `place` is for the
   * error.
   */
  verified(stream: ReadableStream<Uint8Array>, expected: string, place?: Place): ReadableStream<Uint8Array>;
  /**
   * The checksum of two pieces as one, from their checksums and the length of the second in bytes. Required for `full`.
   */
  combine?(first: string, second: string, secondBytes: number): string;
}

/** A checksum that the sent bytes must have. */
export interface ExpectedChecksum {
  /** The name of the algorithm as S3 writes it, such as `SHA256`: `name` of an algorithm of `unbucket/checksum`. */
  readonly name: string;
  /** The checksum in base64: what `of(bytes)` of the algorithm returns. */
  readonly value: string;
}
