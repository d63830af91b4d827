/** The check of each question. */
import { checked, checkedInParts } from "./checksums.ts";
import * as conditions from "./conditions.ts";
import type { Feature } from "./feature.ts";
import type { Finding } from "./finding.ts";
import { postPolicy } from "./form.ts";
import { headers } from "./headers.ts";
import * as listings from "./listings.ts";
import * as parts from "./parts.ts";
import { addressing, deleteMany, regionChecked } from "./place.ts";
import type { Wire } from "./wire.ts";

/** Answers one question by requests. */
export type Check = (wire: Wire) => Promise<Finding>;

/** Every question with its check. The compiler finds one that is missing. */
export const CHECKS: Readonly<Record<Feature, Check>> = {
  "put-if-none-match": conditions.putIfNoneMatch,
  "put-if-match": conditions.putIfMatch,
  "complete-if-none-match": conditions.completeIfNoneMatch,
  "complete-if-match": conditions.completeIfMatch,
  "copy-source-if-match": conditions.copySourceIfMatch,
  "copy-if-none-match": conditions.copyIfNoneMatch,
  "delete-if-match": conditions.deleteIfMatch,
  crc32: (wire) => checked(wire, "CRC32"),
  crc32c: (wire) => checked(wire, "CRC32C"),
  crc64nvme: (wire) => checked(wire, "CRC64NVME"),
  sha256: (wire) => checked(wire, "SHA256"),
  "full-crc32": (wire) => checkedInParts(wire, "CRC32", "FULL_OBJECT"),
  "full-crc32c": (wire) => checkedInParts(wire, "CRC32C", "FULL_OBJECT"),
  "full-crc64nvme": (wire) => checkedInParts(wire, "CRC64NVME", "FULL_OBJECT"),
  "composite-crc32": (wire) => checkedInParts(wire, "CRC32", "COMPOSITE"),
  "composite-crc32c": (wire) => checkedInParts(wire, "CRC32C", "COMPOSITE"),
  "composite-sha256": (wire) => checkedInParts(wire, "SHA256", "COMPOSITE"),
  headers,
  "post-policy": postPolicy,
  "delete-many": deleteMany,
  "path-style": (wire) => addressing(wire, "path-style"),
  "virtual-host": (wire) => addressing(wire, "virtual-host"),
  "region-checked": regionChecked,
  "encoding-type": listings.encodingType,
  delimiter: listings.delimiter,
  "list-order": listings.listOrder,
  "list-below": listings.listBelow,
  "list-uploads": listings.listUploads,
  "unequal-parts": parts.unequalParts,
  "small-parts": parts.smallParts,
  "part-10001": parts.part10001,
};
