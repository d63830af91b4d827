/** Operations on the endpoint and its one bucket. */
import { type Call, iso, xml } from "./call.ts";
import { documentOf } from "./document.ts";
import { owner } from "./page.ts";
import type { Received } from "./received.ts";
import { Refusal } from "./refusal.ts";

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

/** HeadBucket. */
export function bucketExists({ region }: Call): Response {
  return new Response(null, { status: 200, headers: { "x-amz-bucket-region": region } });
}

/** CreateBucket: succeeds for the one bucket, in its own region. */
export async function createBucket(call: Call): Promise<Response> {
  const { region, bucket, request, headers } = call;
  // Firefox has no `Request.body`, so the header counts too.
  if (request.body && headers.get("content-length") !== "0") {
    const root = await documentOf(call, "CreateBucketConfiguration");
    for (const { name, text } of root.children) {
      if (name !== "LocationConstraint") throw new Refusal("NotImplemented", `${name} of a bucket is not implemented.`);
      if (text.trim() !== region)
        throw new Refusal("IllegalLocationConstraintException", `The bucket is in ${region}, and nowhere else.`);
    }
  }
  return new Response(null, { status: 200, headers: { location: `/${bucket}`, "x-amz-bucket-region": region } });
}

/** GetBucketLocation. */
export function bucketLocation({ region }: Call): Response {
  return xml(["LocationConstraint", region === "us-east-1" ? "" : region]);
}

/** GetBucketVersioning: never enabled. */
export function bucketVersioning(): Response {
  return xml(["VersioningConfiguration", []]);
}
