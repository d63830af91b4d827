/** What can be asked of the one bucket, and of the endpoint. */
import { type Call, iso, xml } from "./call.ts";
import { owner } from "./page.ts";
import type { Received } from "./received.ts";

/** ListBuckets. */
export function listBuckets({ query }: Received, bucket: string, region: string): Response {
  const entry = [
    ["Name", bucket],
    ["CreationDate", iso(undefined)],
    ["BucketRegion", region],
  ] as const;
  const [prefix, within = region] = [query.get("prefix") ?? "", query.get("bucket-region")];
  const asked = bucket.startsWith(prefix) && within === region;
  return xml(["ListAllMyBucketsResult", [...owner(["Owner"]), ["Buckets", asked ? [["Bucket", entry]] : []]]]);
}

/** HeadBucket, and CreateBucket of what is there already. */
export function bucketExists({ region, bucket, method }: Call): Response {
  const headers = { "x-amz-bucket-region": region, ...(method === "PUT" && { location: `/${bucket}` }) };
  return new Response(null, { status: 200, headers });
}

/** GetBucketLocation. */
export function bucketLocation({ region }: Call): Response {
  return xml(["LocationConstraint", region === "us-east-1" ? "" : region]);
}

/** GetBucketVersioning: never switched on. */
export function bucketVersioning(): Response {
  return xml(["VersioningConfiguration", []]);
}
