/**
 * SHA-256: of parts by the runtime's one-shot digest, of streams by the runtime's streaming digest. WebCrypto has no
 * streaming one: in browsers and on some edge runtimes streams are hashed in JavaScript, which is far slower.
 */
import { sha256Base64, sha256Stream } from "#digest";
import type { ChecksumAlgorithm, Hasher } from "./algorithm.ts";
import { sha256Blocks } from "./blocks.ts";
import { verified } from "./verified.ts";

/** SHA-256. Of an object of several parts S3 has only a checksum over those of the parts: `type` is `composite`. */
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
