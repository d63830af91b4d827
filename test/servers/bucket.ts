import { createHash, randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { runPrefix } from "./run.ts";
import type { S3Server } from "./server.ts";

/** Creates an empty bucket with a signed PUT of its own, so that no test depends on the code that it tests. */
export async function createBucket(server: S3Server, name: string = runPrefix() + randomUUID()): Promise<string> {
  await accepted(server, name);
  return name;
}

/** From now on the bucket keeps what is replaced or deleted. */
export async function keepVersions(server: S3Server, bucket: string): Promise<string> {
  await configure(server, bucket, "versioning", "<VersioningConfiguration><Status>Enabled</Status>");
  return bucket;
}

/** A bucket that lets nobody delete a version for a day, but who may pass over that. */
export async function createLocked(server: S3Server): Promise<string> {
  const name = runPrefix() + randomUUID();
  await accepted(server, name, { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
  const rule = "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>";
  const lock = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}`;
  await configure(server, name, "object-lock", lock);
  return name;
}

/** From now on the server encrypts what is stored in the bucket. */
export async function encrypt(server: S3Server, bucket: string): Promise<string> {
  const rule =
    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>";
  await configure(server, bucket, "encryption", `<ServerSideEncryptionConfiguration><Rule>${rule}</Rule>`);
  return bucket;
}

/** `document` lacks the namespace and the end of its root. */
async function configure(server: S3Server, bucket: string, what: string, document: string): Promise<void> {
  const [, root = ""] = /^<(\w+)>/.exec(document) ?? [];
  const named = document.replace(root, `${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`);
  const body = `${named}</${root}>`;
  const sum = createHash("sha256").update(body).digest("base64");
  await accepted(server, `${bucket}?${what}=`, { body, headers: { "x-amz-checksum-sha256": sum } });
}

async function accepted(server: S3Server, path: string, init: RequestInit = {}): Promise<void> {
  const response = await signed(server, "PUT", path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${server.name} refused PUT ${path}: ${response.status} ${text}`);
}

/** One signed request, for asserting what a server holds without the driver under test; `path` is already encoded. */
export function signed(server: S3Server, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { accessKeyId, secretAccessKey, region } = server;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  return client.fetch(`${server.endpoint}/${path}`, { ...init, method });
}
