/**
 * Checksums for S3 and folders: `s3({ checksum: crc64nvme })` for all uploads, `upload(key, body, { checksum: crc32c
 * })` for one. Tables are made at the first use.
 */
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { crcAlgorithm } from "./checksum/crc.ts";

export type { ChecksumAlgorithm, Hasher } from "./checksum/algorithm.ts";
export { sha256 } from "./checksum/sha256.ts";

/** CRC-32, as in ZIP and Ethernet. */
export const crc32: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC32", { width: 32, reflected: 0xedb88320n });

/** CRC-32C, with the Castagnoli polynomial, as in iSCSI (RFC 3720). */
export const crc32c: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC32C", { width: 32, reflected: 0x82f63b78n });

/** CRC-64/NVME, which AWS computes itself if a client sends no checksum. */
export const crc64nvme: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC64NVME", {
  width: 64,
  reflected: 0x9a6c9329ac4bc9b5n,
});
