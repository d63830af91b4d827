import s3 from "../drivers/s3.ts";
import { deviations } from "./deviations.ts";
import { conformance } from "./support/conformance.ts";
import { freshBucket, servers } from "./support/s3.ts";

/** S3's own minimum. */
const partSize = 5 * 1024 * 1024;

for (const server of servers) {
  const { name, endpoint, accessKeyId, secretAccessKey, region } = server;
  conformance(
    `s3 on ${name}`,
    async () => ({
      driver: s3({ bucket: await freshBucket(server), endpoint, accessKeyId, secretAccessKey, region, partSize }),
    }),
    { capabilities: ["presign", "multipart", "uploads"], partSize, deviations: deviations[name] },
  );
}
