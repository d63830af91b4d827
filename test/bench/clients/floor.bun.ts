/** The floor on Bun: its own S3 client, and for streams the bare loop over fetch. */
import { createHash } from "node:crypto";
import type { Connect } from "../client.ts";
import { bareFetch } from "../bare-fetch.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain } from "../streams.ts";

interface BunFile {
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): ReadableStream<Uint8Array>;
}

interface BunS3 {
  write(key: string, bytes: Uint8Array): Promise<number>;
  file(key: string): BunFile;
}

declare const Bun: { readonly S3Client: new (options: object) => BunS3 };

const connect: Connect = (endpoint) => {
  const client = new Bun.S3Client({ ...KEYS, region: REGION, endpoint, bucket: BUCKET });
  return {
    ...bareFetch(endpoint, 4, (bytes) => createHash("sha256").update(bytes).digest("hex")),
    put: (key, bytes) => client.write(key, bytes),
    get: async (key) => (await client.file(key).arrayBuffer()).byteLength,
    down: (key) => drain(client.file(key).stream()),
  };
};

export default connect;
