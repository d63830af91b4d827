/** What is known of servers to run oneself, mostly measured: see test/drivers/s3/probe.live.test.ts. */
import type { Feature } from "../probe/feature.ts";
import { profile, type Profile } from "./profile.ts";

const CHECKS: readonly Feature[] = ["crc32", "crc32c", "crc64nvme", "sha256"];
const WHOLE: readonly Feature[] = ["full-crc32", "full-crc32c", "full-crc64nvme"];
const OF_PARTS: readonly Feature[] = ["composite-crc32", "composite-crc32c", "composite-sha256"];
const ON_PUT: readonly Feature[] = ["put-if-none-match", "put-if-match"];
const ON_COMPLETION: readonly Feature[] = ["complete-if-none-match", "complete-if-match"];

export const minio: Profile = /* @__PURE__ */ profile("MinIO", {
  ran: {
    version: "20260212201848",
    yes: [
      ON_PUT,
      ON_COMPLETION,
      CHECKS,
      WHOLE,
      OF_PARTS,
      ["copy-source-if-match", "headers", "post-policy", "delete-many", "path-style"],
      ["encoding-type", "delimiter", "list-order", "unequal-parts"],
    ],
    no: [
      ["copy-if-none-match", "delete-if-match", "region-checked", "list-below", "list-uploads"],
      ["small-parts", "part-10001"],
    ],
  },
  documented: {
    "https://min.io/docs/minio/macos/operations/concepts/thresholds.html": {
      limits: { leastPart: 5 * 1024 ** 2, largestPart: 5 * 1024 ** 3, parts: 10_000, object: 50 * 1024 ** 4 },
    },
  },
});

export const seaweedfs: Profile = /* @__PURE__ */ profile("SeaweedFS", {
  ran: {
    version: "4.48",
    yes: [
      ON_PUT,
      ON_COMPLETION,
      CHECKS,
      WHOLE,
      OF_PARTS,
      ["copy-source-if-match", "copy-if-none-match", "delete-if-match"],
      ["headers", "post-policy", "delete-many", "path-style", "encoding-type", "delimiter"],
      ["list-below", "list-uploads", "unequal-parts"],
    ],
    no: ["list-order", "region-checked", "small-parts", "part-10001"],
  },
  documented: {},
});

export const versitygw: Profile = /* @__PURE__ */ profile("versitygw", {
  ran: {
    version: "1.8.0",
    yes: [
      ON_PUT,
      ON_COMPLETION,
      CHECKS,
      WHOLE,
      OF_PARTS,
      ["copy-source-if-match", "delete-if-match", "headers", "post-policy", "delete-many", "path-style"],
      ["region-checked", "delimiter", "list-order", "list-uploads", "unequal-parts"],
    ],
    no: ["copy-if-none-match", "encoding-type", "list-below", "small-parts", "part-10001"],
  },
  documented: {},
});

export const ceph: Profile = /* @__PURE__ */ profile("Ceph RADOS Gateway", {
  ran: {
    version: "16.2",
    yes: [
      ["put-if-none-match", "headers", "post-policy", "delete-many", "path-style", "encoding-type", "delimiter"],
      ["list-order", "list-below", "list-uploads", "unequal-parts", "part-10001"],
    ],
    no: [
      CHECKS,
      WHOLE,
      OF_PARTS,
      ON_COMPLETION,
      // It compares the ETag without its quotes.
      "put-if-match",
      ["copy-source-if-match", "copy-if-none-match", "delete-if-match", "region-checked", "small-parts"],
    ],
  },
  documented: {
    "https://docs.ceph.com/en/latest/radosgw/s3/commons/": { yes: ["virtual-host"] },
  },
});

export const garage: Profile = /* @__PURE__ */ profile("Garage", {
  documented: {
    "https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/": {
      yes: ["post-policy", "delete-many", "path-style", "virtual-host", "encoding-type", "list-uploads"],
    },
    "https://garagehq.deuxfleurs.fr/documentation/connect/": { yes: ["region-checked"] },
  },
});
