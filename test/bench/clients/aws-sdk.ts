/** The AWS SDK, with lib-storage for streams. */
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { Connect } from "../client.ts";
import { BUCKET, KEYS, REGION } from "../identity.ts";
import { drain, source } from "../streams.ts";

const connect: Connect = (endpoint) => {
  const client = new S3Client({ region: REGION, endpoint, forcePathStyle: true, credentials: KEYS });
  const get = (key: string): ReturnType<typeof client.send> =>
    client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
  return {
    put: (key, bytes) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: bytes })),
    get: async (key) => (await (await get(key)).Body?.transformToByteArray())?.byteLength ?? 0,
    up: (key, size) => {
      const params = { Bucket: BUCKET, Key: key, Body: Readable.fromWeb(source(size) as NodeStream) };
      return new Upload({ client, params }).done();
    },
    down: async (key) => drain((await get(key)).Body ?? null),
  };
};

export default connect;
