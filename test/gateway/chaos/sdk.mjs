/**
 * The AWS SDK for JavaScript by lines of JSON: `{"method", "input", "attempts"}` gives the answer, or `{"error", "status"}`, whose status
 * is 0 where there was none. `node sdk.mjs <folder of the SDK's lock>`
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const require = createRequire(join(process.argv[2] ?? "", "package.json"));
const S3 = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");

const MIB = 1024 * 1024;
const requestHandler = {
  connectionTimeout: 5000,
  requestTimeout: 8000,
  socketTimeout: 8000,
  throwOnRequestTimeout: true,
};
const connect = (maxAttempts) => new S3.S3Client({ forcePathStyle: true, maxAttempts, requestHandler });
const clients = { 1: connect(1), 4: connect(4) };

const content = ({ vid, size }) =>
  size === 0 ? Buffer.alloc(0) : createHash("shake128", { outputLength: size }).update(vid).digest();

function* pieces(bytes) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function call({ method, input, attempts }) {
  const client = clients[attempts];
  const { Body: body, ...params } = input;
  // boto3 does so by itself.
  if (params.CopySource) params.CopySource = params.CopySource.split("/").map(encodeURIComponent).join("/");
  if (method === "Upload") {
    const upload = { client, partSize: 5 * MIB, queueSize: 3 };
    return new Upload({ ...upload, params: { ...params, Body: Readable.from(pieces(content(body))) } }).done();
  }
  const name = method === "Download" ? "GetObject" : method;
  const bytes = body && content(body).subarray(body.start ?? 0, body.end);
  const sent = body?.streamed ? { Body: Readable.from(pieces(bytes)), ContentLength: bytes.length } : { Body: bytes };
  const { Body, ...answer } = await client.send(new S3[`${name}Command`]({ ...params, ...(body && sent) }));
  if (!Body || typeof Body.transformToByteArray !== "function") return answer;
  const read = Buffer.from(await Body.transformToByteArray());
  return { ...answer, bytes: read.length, sha: createHash("sha256").update(read).digest("hex") };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { $metadata: _, ...answer } = await call(JSON.parse(line)).catch((error) => ({
    error: error.name,
    // Of an answer that was cut off there is a status, and nothing that S3 has said.
    status: (error.$fault && error.$metadata?.httpStatusCode) || 0,
    message: String(error.message).slice(0, 300),
  }));
  console.log(JSON.stringify(answer));
}
