/** What is known of hosted services, from their pages. */
import { profile, type Profile } from "./profile.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

const awsApi = "https://docs.aws.amazon.com/AmazonS3/latest/API";
const awsGuide = "https://docs.aws.amazon.com/AmazonS3/latest/userguide";
const cloudflare = "https://developers.cloudflare.com/r2";
const tigrisDocs = "https://www.tigrisdata.com/docs";

export const aws: Profile = /* @__PURE__ */ profile("AWS S3", {
  documented: {
    [`${awsApi}/API_PutObject.html`]: { yes: ["put-if-none-match", "put-if-match"] },
    [`${awsApi}/API_CompleteMultipartUpload.html`]: {
      yes: ["complete-if-none-match", "complete-if-match", "full-crc64nvme"],
    },
    [`${awsApi}/API_CopyObject.html`]: { yes: ["copy-source-if-match", "copy-if-none-match"] },
    [`${awsGuide}/conditional-deletes.html`]: { yes: ["delete-if-match"] },
    [`${awsGuide}/checking-object-integrity-upload.html`]: {
      yes: ["crc32", "crc32c", "crc64nvme", "sha256", "full-crc32", "full-crc32c"],
    },
    [`${awsApi}/API_Checksum.html`]: { yes: ["composite-crc32", "composite-crc32c", "composite-sha256"] },
    [`${awsApi}/sigv4-post-example.html`]: { yes: ["post-policy", "region-checked"] },
    [`${awsApi}/API_DeleteObjects.html`]: { yes: ["delete-many"] },
    [`${awsGuide}/VirtualHosting.html`]: { yes: ["path-style", "virtual-host"] },
    [`${awsApi}/API_ListObjectsV2.html`]: { yes: ["encoding-type", "delimiter"] },
    [`${awsGuide}/ListingKeysUsingAPIs.html`]: { yes: ["list-order"] },
    [`${awsApi}/API_ListMultipartUploads.html`]: { yes: ["list-uploads"] },
    [`${awsGuide}/qfacts.html`]: {
      no: ["small-parts", "part-10001"],
      limits: { leastPart: 5 * MIB, largestPart: 5 * GIB, parts: 10_000, object: 48.8 * TIB },
    },
  },
});

export const r2: Profile = /* @__PURE__ */ profile("Cloudflare R2", {
  documented: {
    [`${cloudflare}/api/s3/conditional-operations/`]: {
      yes: ["put-if-none-match", "put-if-match", "complete-if-none-match", "complete-if-match"],
      // A copy has conditions of R2's own: cf-copy-destination-if-none-match.
      no: ["copy-if-none-match", "delete-if-match"],
    },
    [`${cloudflare}/api/s3/api/`]: {
      yes: [
        ["copy-source-if-match", "crc32", "crc32c", "crc64nvme", "sha256", "full-crc64nvme"],
        ["composite-crc32", "composite-crc32c", "composite-sha256"],
        ["delete-many", "encoding-type", "delimiter", "list-uploads"],
      ],
      no: ["full-crc32", "full-crc32c"],
    },
    [`${cloudflare}/api/s3/presigned-urls/`]: { yes: ["virtual-host"], no: ["post-policy"] },
    [`${cloudflare}/examples/aws/aws4fetch/`]: { yes: ["path-style"] },
    [`${cloudflare}/objects/multipart-objects/`]: {
      no: ["unequal-parts", "small-parts", "part-10001"],
      limits: { leastPart: 5 * MIB, largestPart: 5 * GIB, parts: 10_000 },
    },
    [`${cloudflare}/platform/limits/`]: { limits: { object: 4.995 * TIB } },
  },
});

export const b2: Profile = /* @__PURE__ */ profile("Backblaze B2", {
  documented: {
    "https://www.backblaze.com/b2/docs/s3_compatible_api.html": { yes: ["delete-many"], no: ["post-policy"] },
    "https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api": { yes: ["path-style", "virtual-host"] },
    "https://www.backblaze.com/b2/docs/large_files.html": {
      yes: ["unequal-parts"],
      no: ["part-10001"],
      limits: { leastPart: 5e6, largestPart: 5e9, parts: 10_000, object: 10e12 },
    },
    // It lists the headers that are refused.
    "https://www.backblaze.com/docs/cloud-storage-use-the-aws-sdk-for-python-with-backblaze-b2": {
      no: [
        ["crc32", "crc32c", "crc64nvme", "sha256", "full-crc32", "full-crc32c", "full-crc64nvme"],
        ["composite-crc32", "composite-crc32c", "composite-sha256"],
      ],
    },
  },
});

export const gcs: Profile = /* @__PURE__ */ profile("Google Cloud Storage", {
  documented: {
    // If-Match and If-None-Match are for requests that read; writes have x-goog-if-generation-match.
    "https://cloud.google.com/storage/docs/request-preconditions": { no: ["put-if-none-match", "put-if-match"] },
    "https://cloud.google.com/storage/docs/multipart-uploads": { no: ["complete-if-none-match", "complete-if-match"] },
    "https://cloud.google.com/storage/docs/xml-api/post-bucket": { yes: ["delete-many"] },
    "https://cloud.google.com/storage/docs/request-endpoints": { yes: ["path-style", "virtual-host"] },
    "https://cloud.google.com/storage/docs/xml-api/get-bucket-list": { yes: ["encoding-type", "delimiter"] },
  },
});

export const tigris: Profile = /* @__PURE__ */ profile("Tigris", {
  documented: {
    [`${tigrisDocs}/objects/conditionals/`]: {
      yes: ["put-if-none-match", "put-if-match", "copy-source-if-match", "delete-if-match"],
    },
    [`${tigrisDocs}/api/s3/`]: { yes: ["delete-many", "delimiter", "list-uploads"] },
    [`${tigrisDocs}/objects/upload-via-html-form/`]: { yes: ["post-policy"] },
    [`${tigrisDocs}/objects/multipart-uploads/`]: { yes: ["virtual-host"] },
  },
});

export const spaces: Profile = /* @__PURE__ */ profile("DigitalOcean Spaces", {
  documented: {
    "https://docs.digitalocean.com/products/spaces/details/limits/": { yes: ["path-style", "virtual-host"] },
  },
});

export const wasabi: Profile = /* @__PURE__ */ profile("Wasabi", {
  documented: { "https://docs.wasabi.com/docs/rest-api-introduction": { yes: ["path-style", "virtual-host"] } },
});
