/**
 * Checks of a gateway by the AWS SDK for JavaScript: prints a line for each, `ok` or `failed` with its reason. Asks the endpoint of
 * the environment. `node sdk.mjs <folder of the SDK's lock>`
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Readable } from "node:stream";

const require = createRequire(join(process.argv[2] ?? "", "package.json"));
const S3 = require("@aws-sdk/client-s3");
const { Upload } = require("@aws-sdk/lib-storage");

const Bucket = "bucket";
const MIB = 1024 * 1024;
const large = randomBytes(12 * MIB + 5);
const connect = (options = {}) => new S3.S3Client({ forcePathStyle: true, maxAttempts: 1, ...options });
const client = connect();

const check = async (what, body) => {
  try {
    await body();
    console.log(`ok ${what}`);
  } catch (error) {
    console.log(`failed ${what}: ${error.name} ${error.message}`.replaceAll("\n", " ").slice(0, 500));
  }
};

/** Sends `PutObject`, or another command. */
const send = (name, input, by = client) => by.send(new S3[`${name}Command`]({ Bucket, ...input }));

async function bytes(Key, more = {}) {
  const { Body } = await send("GetObject", { Key, ...more });
  return Buffer.from(await Body.transformToByteArray());
}

const refused = (name, code, input, by = client) =>
  assert.rejects(send(name, input, by), (error) => {
    assert.equal(error.name, code);
    return true;
  });

await check("strings and streams", async () => {
  await send("PutObject", { Key: "text", Body: "h\u00e9llo", Metadata: { a: "gr\u00fcn" } });
  assert.equal((await bytes("text")).toString(), "h\u00e9llo");
  assert.equal((await send("HeadObject", { Key: "text" })).Metadata.a, "=?UTF-8?B?Z3LDvG4=?=");
  await send("PutObject", { Key: "stream", Body: Readable.from([large]), ContentLength: large.length });
  assert.deepEqual(await bytes("stream"), large);
  assert.deepEqual(await bytes("stream", { Range: "bytes=2-9" }), large.subarray(2, 10));
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA256"]) {
  await check(`checksums by ${ChecksumAlgorithm}`, async () => {
    const stored = await send("PutObject", { Key: "sum", Body: large, ChecksumAlgorithm });
    assert.ok(stored[`Checksum${ChecksumAlgorithm}`]);
    const params = { Bucket, Key: "sum", Body: Readable.from([large]), ChecksumAlgorithm };
    await new Upload({ client, params }).done();
    assert.deepEqual(await bytes("sum"), large);
  });
}

await check("no checksums", async () => {
  const by = connect({ requestChecksumCalculation: "WHEN_REQUIRED" });
  await send("PutObject", { Key: "plain", Body: large }, by);
  assert.deepEqual(await bytes("plain"), large);
  await send("DeleteObjects", { Delete: { Objects: [{ Key: "plain" }, { Key: "none" }] } }, by);
  await refused("HeadObject", "NotFound", { Key: "plain" });
});

await check("uploads in parts, and one that is aborted", async () => {
  const params = { Bucket, Key: "parts \u00fc", Body: Readable.from([large]), Metadata: { a: "b" } };
  await new Upload({ client, params, partSize: 5 * MIB, queueSize: 3 }).done();
  assert.deepEqual(await bytes("parts \u00fc"), large);
  const { UploadId } = await send("CreateMultipartUpload", { Key: "aborted" });
  await send("UploadPart", { Key: "aborted", UploadId, PartNumber: 1, Body: "part" });
  await send("AbortMultipartUpload", { Key: "aborted", UploadId });
  await refused("ListParts", "NoSuchUpload", { Key: "aborted", UploadId });
  assert.equal((await send("ListMultipartUploads", { Prefix: "aborted" })).Uploads, undefined);
});

await check("conditions", async () => {
  await send("DeleteObject", { Key: "condition" });
  const { ETag } = await send("PutObject", { Key: "condition", Body: "1", IfNoneMatch: "*" });
  await refused("PutObject", "PreconditionFailed", { Key: "condition", Body: "2", IfNoneMatch: "*" });
  await send("PutObject", { Key: "condition", Body: "2", IfMatch: ETag });
  await refused("PutObject", "PreconditionFailed", { Key: "condition", Body: "3", IfMatch: ETag });
  assert.equal((await bytes("condition")).toString(), "2");
});

await check("lists in pages", async () => {
  const keys = ["a b", "a+b", "100%", "\u00fc/\u65e5", "a//b", "trail/", "a&b=c?d#e", "<z>"].map(
    (name) => `keys/${name}`,
  );
  for (const Key of keys) await send("PutObject", { Key, Body: Key });
  const found = [];
  for await (const page of S3.paginateListObjectsV2({ client, pageSize: 3 }, { Bucket, Prefix: "keys/" }))
    found.push(...page.Contents.map(({ Key }) => Key));
  assert.deepEqual(found.sort(), keys.sort());
  const { CommonPrefixes } = await send("ListObjects", { Prefix: "keys/", Delimiter: "/" });
  assert.deepEqual(CommonPrefixes.map(({ Prefix }) => Prefix).sort(), ["keys/a/", "keys/trail/", "keys/\u00fc/"]);
});

await check("copies onto themselves", async () => {
  const more = {
    CopySource: `/${Bucket}/text`,
    MetadataDirective: "REPLACE",
    Metadata: { z: "1" },
    ContentType: "a/b",
  };
  await send("CopyObject", { Key: "text", ...more });
  const { Metadata, ContentType } = await send("HeadObject", { Key: "text" });
  assert.deepEqual([Metadata, ContentType], [{ z: "1" }, "a/b"]);
});

await check("who asks, and for what", async () => {
  const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "x" };
  const stranger = connect({ credentials });
  await refused("ListObjectsV2", "SignatureDoesNotMatch", {}, stranger);
  const Body = Readable.from([large]);
  await refused("PutObject", "SignatureDoesNotMatch", { Key: "none", Body, ContentLength: large.length }, stranger);
  await refused("ListObjectsV2", "AuthorizationHeaderMalformed", {}, connect({ region: "eu-west-1" }));
  await refused("ListObjectsV2", "RequestTimeTooSkewed", {}, connect({ systemClockOffset: -3_600_000 }));
  await refused("GetObject", "NoSuchKey", { Key: "none" });
  await refused("GetObjectTagging", "NotImplemented", { Key: "text" });
});
