import s3 from "../drivers/s3.ts";
import { freshBucket, servers } from "./support/s3.ts";
import { keyValueContract } from "./support/unstorage.ts";

for (const server of servers) {
  const { name, endpoint, accessKeyId, secretAccessKey, region } = server;
  keyValueContract(
    `s3 on ${name}`,
    async () => s3({ bucket: await freshBucket(server), endpoint, accessKeyId, secretAccessKey, region }),
    async () => {},
  );
}
