import { randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { runPrefix } from "./run.ts";
import type { S3Server } from "./server.ts";

/** Creates an empty bucket with a signed PUT of its own, so that no test depends on the code that it tests. */
export async function createBucket(server: S3Server, name: string = runPrefix() + randomUUID()): Promise<string> {
  const response = await signed(server, "PUT", name);
  if (!response.ok) {
    throw new Error(`${server.name} did not create bucket ${name}: ${response.status} ${await response.text()}`);
  }
  await response.arrayBuffer();
  return name;
}

/** One signed request, for asserting what a server holds without the driver under test; `path` is already encoded. */
export function signed(server: S3Server, method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { accessKeyId, secretAccessKey, region } = server;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
  return client.fetch(`${server.endpoint}/${path}`, { ...init, method });
}
