/** s3mini. */
import { S3mini } from "s3mini";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const client = new S3mini({ ...KEYS, region: REGION, endpoint: `${endpoint}/${BUCKET}` });
  return {
    put: async (key, bytes) => (await client.putObject(key, bytes)).arrayBuffer(),
    get: async (key) => ((await client.getObjectArrayBuffer(key)) ?? new ArrayBuffer(0)).byteLength,
    up: (key, size) => client.putAnyObject(key, source(size), undefined, undefined, undefined, size),
    down: async (key) => drain((await client.getObjectResponse(key))?.body ?? null),
  };
};

export default connect;
