/** This package, as built. */
import s3 from "unbucket/drivers/s3";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const store = s3({ bucket: BUCKET, region: REGION, endpoint, ...KEYS });
  return {
    put: (key, bytes) => store.upload(key, bytes),
    get: async (key) => (await (await store.download(key)).bytes()).byteLength,
    up: (key, size) => store.upload(key, source(size)),
    down: async (key) => drain((await store.download(key)).body),
  };
};

export default connect;
