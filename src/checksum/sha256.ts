/**
 * SHA-256: parts by the runtime's one-shot digest, whole downloads by its streaming one. WebCrypto has none that streams, so
 * where the runtime adds none (browsers, some edge runtimes) it is done here, far slower.
 */
import { sha256Base64, sha256Stream } from "#digest";
import type { ChecksumAlgorithm, Hasher } from "./algorithm.ts";
import { sha256Blocks } from "./blocks.ts";
import { verified } from "./verified.ts";

/** SHA-256. S3 has no whole-object value of it for an object of several parts: see `type`. */
export const sha256: ChecksumAlgorithm = {
  name: "SHA256",
  header: "x-amz-checksum-sha256",
  type: "composite",
  create,
  verified: (...args) => verified("SHA256", create(), ...args),
  of: (bytes) => sha256Base64(bytes),
};

function create(): Hasher {
  return sha256Stream() ?? sha256Blocks();
}
