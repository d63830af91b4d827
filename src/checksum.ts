/**
 * Checksums for S3 and folders: `s3({ checksum: crc64nvme })` for all uploads, `upload(key, body, { checksum: crc32c })` for one.
 * Nothing is computed and no table made before the first use.
 */
import type { ChecksumAlgorithm } from "./checksum/algorithm.ts";
import { crcAlgorithm } from "./checksum/crc.ts";

export type { ChecksumAlgorithm, Hasher } from "./checksum/algorithm.ts";
export { sha256 } from "./checksum/sha256.ts";

/** CRC-32 of zip and Ethernet. */
export const crc32: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC32", { width: 32, reflected: 0xedb88320n });

/** CRC-32 with Castagnoli's polynomial, of iSCSI (RFC 3720). */
export const crc32c: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC32C", { width: 32, reflected: 0x82f63b78n });

/** The 64-bit CRC of NVMe, which AWS itself uses where a client sends none. */
export const crc64nvme: ChecksumAlgorithm = /* @__PURE__ */ crcAlgorithm("CRC64NVME", {
  width: 64,
  reflected: 0x9a6c9329ac4bc9b5n,
});
