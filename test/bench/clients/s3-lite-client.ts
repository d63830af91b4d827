/** s3-lite-client. */
import { S3Client } from "@bradenmacdonald/s3-lite-client";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const client = new S3Client({
    endPoint: endpoint,
    region: REGION,
    bucket: BUCKET,
    accessKey: KEYS.accessKeyId,
    secretKey: KEYS.secretAccessKey,
    pathStyle: true,
  });
  return {
    put: (key, bytes) => client.putObject(key, bytes),
    get: async (key) => (await (await client.getObject(key)).arrayBuffer()).byteLength,
    up: (key, size) => client.putObject(key, source(size), { size }),
    down: async (key) => drain((await client.getObject(key)).body),
  };
};

export default connect;
