/** The cases on buckets that keep versions, lock them or encrypt: what most buckets of companies do. */
import s3 from "../drivers/s3.ts";
import type { Deviations } from "../src/conformance.ts";
import { deviations, deviationsWithVersions, withLock } from "./deviations.ts";
import { conformance } from "./support/conformance.ts";
import { createLocked, encrypt, freshBucket, keepVersions, type S3Server, servers } from "./support/s3.ts";

const partSize = 5 * 1024 * 1024;

function on(server: S3Server, kind: string, make: () => Promise<string>, differs: Deviations): void {
  const { name, endpoint, accessKeyId, secretAccessKey, region } = server;
  conformance(
    `s3 on ${name}, a bucket ${kind}`,
    async () => ({ driver: s3({ bucket: await make(), endpoint, accessKeyId, secretAccessKey, region, partSize }) }),
    { capabilities: ["presign", "multipart", "uploads"], partSize, deviations: differs },
  );
}

for (const server of servers) {
  const differs = deviationsWithVersions(server.name);
  on(server, "with versions", async () => keepVersions(server, await freshBucket(server)), differs);
  if (server.name !== "minio") continue;
  on(server, "with an object lock", () => createLocked(server), { ...differs, ...withLock });
  on(server, "that encrypts", async () => encrypt(server, await freshBucket(server)), deviations.minio);
}
