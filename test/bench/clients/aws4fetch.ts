/** aws4fetch, which signs and calls fetch: streams with a length, no parts, no hash of payloads. */
import { AwsClient } from "aws4fetch";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const client = new AwsClient({ ...KEYS, region: REGION, service: "s3" });
  const send = (method: string, key: string, init: RequestInit = {}): Promise<Response> =>
    client.fetch(`${endpoint}/${BUCKET}/${key}`, { method, ...init });
  return {
    put: async (key, bytes) => (await send("PUT", key, { body: bytes as Uint8Array<ArrayBuffer> })).arrayBuffer(),
    get: async (key) => (await (await send("GET", key)).arrayBuffer()).byteLength,
    up: async (key, size) => {
      const headers = { "content-length": String(size) };
      const init = { body: source(size), headers, duplex: "half" };
      await (await send("PUT", key, init)).arrayBuffer();
    },
    down: async (key) => drain((await send("GET", key)).body),
  };
};

export default connect;
