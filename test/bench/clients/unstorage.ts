/** unstorage's own S3 driver, which has no streams: objects are whole in memory. */
import driver from "unstorage/drivers/s3";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const store = driver({ ...KEYS, region: REGION, endpoint, bucket: BUCKET });
  const get = async (key: string): Promise<number> =>
    ((await store.getItemRaw?.(key, {})) as ArrayBuffer | undefined)?.byteLength ?? 0;
  return {
    put: async (key, bytes) => store.setItemRaw?.(key, bytes, {}),
    get,
    up: async (key, size) => store.setItemRaw?.(key, await new Response(source(size)).arrayBuffer(), {}),
    down: get,
  };
};

export default connect;
