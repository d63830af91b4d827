/** MinIO's JavaScript client. */
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { Client } from "minio";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const { hostname, port } = new URL(endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: KEYS.accessKeyId,
    secretKey: KEYS.secretAccessKey,
    region: REGION,
  });
  const down = async (key: string): Promise<number> => drain(await client.getObject(BUCKET, key));
  return {
    put: (key, bytes) =>
      client.putObject(BUCKET, key, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes.byteLength),
    get: down,
    up: (key, size) => client.putObject(BUCKET, key, Readable.fromWeb(source(size) as NodeStream), size),
    down,
  };
};

export default connect;
