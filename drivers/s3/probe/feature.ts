/** What S3-compatible servers do differently, each as a question that is answered with yes or no. */

/** Every question, in the order of the table. */
export const FEATURES = {
  "put-if-none-match": "PUT with `If-None-Match: *` only creates",
  "put-if-match": "PUT with `If-Match` only replaces that version",
  "complete-if-none-match": "completing an upload in parts with `If-None-Match: *` only creates",
  "complete-if-match": "completing an upload in parts with `If-Match` only replaces that version",
  "copy-source-if-match": "a copy with `x-amz-copy-source-if-match` only reads that version",
  "copy-if-none-match": "a copy with `If-None-Match: *` only creates",
  "delete-if-match": "DELETE with `If-Match` only deletes that version",
  crc32: "CRC32 is checked and given back",
  crc32c: "CRC32C is checked and given back",
  crc64nvme: "CRC64NVME is checked and given back",
  sha256: "SHA-256 is checked and given back",
  "full-crc32": "an upload in parts has a CRC32 of the whole object",
  "full-crc32c": "an upload in parts has a CRC32C of the whole object",
  "full-crc64nvme": "an upload in parts has a CRC64NVME of the whole object",
  "composite-crc32": "an upload in parts has a CRC32 of its parts' values",
  "composite-crc32c": "an upload in parts has a CRC32C of its parts' values",
  "composite-sha256": "an upload in parts has a SHA-256 of its parts' values",
  headers: "type, metadata and other headers of an object come back",
  "post-policy": "a form with a signed policy uploads, and its bounds hold",
  "delete-many": "one request deletes many keys",
  "path-style": "the bucket may be in the path",
  "virtual-host": "the bucket may be in the host name",
  "region-checked": "a signature for another region is refused",
  "encoding-type": "listings honour `encoding-type=url`",
  delimiter: "listings group by `/`",
  "list-order": "listings are in the order of UTF-8 bytes",
  "list-below": "`a` and `a/b` may both be stored, and both are listed",
  "list-uploads": "unfinished uploads are listed by prefix",
  "unequal-parts": "parts of one upload may differ in size",
  "small-parts": "parts other than the last may be below 5 MiB",
  "part-10001": "part numbers above 10,000 are taken",
} as const;

/** The name of a question. */
export type Feature = keyof typeof FEATURES;

/** All names, in the order of the table. */
export const FEATURE_NAMES: readonly Feature[] = Object.keys(FEATURES) as Feature[];
