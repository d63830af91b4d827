/**
 * Other people's clients before a gateway, over HTTP. Without a server, and among the tests that need one, since what they install
 * takes as long.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromErrno } from "../../drivers/fs/errno.ts";
import memory from "../../drivers/memory.ts";
import s3 from "../../drivers/s3.ts";
import { toResponse } from "../../src/respond.ts";
import { checks, client, pythonClients, sdkFolder, type Served, served } from "./clients.ts";

const failed = (lines: readonly string[]): readonly string[] => lines.filter((line) => !line.startsWith("ok "));

describe.each(["fs", "memory"] as const)("gateway over %s", (kind) => {
  let place: Served;
  beforeAll(async () => void (place = await served(kind)));
  afterAll(() => place.close());

  it("does for boto3 what S3 does", async () => {
    const lines = await checks(join(await pythonClients(), "python3"), "boto.py", [], place);
    expect(failed(lines)).toEqual([]);
    expect(lines).toHaveLength(14);
  });

  it("does for the AWS SDK for JavaScript what S3 does", async () => {
    const lines = await checks(process.execPath, "sdk.mjs", [await sdkFolder()], place);
    expect(failed(lines)).toEqual([]);
    expect(lines).toHaveLength(11);
  });

  it("never fails by itself", () => {
    expect(place.errors).toEqual([]);
  });
});

describe("gateway over a folder", () => {
  let place: Served;
  let bin: string;
  /** Names and contents of files, of which one is sent in parts. */
  const files = new Map([
    ["large.bin", Buffer.alloc(17 * 1024 * 1024, "large")],
    ["empty", Buffer.alloc(0)],
    ["below/a b+c%20.txt", Buffer.from("ugly")],
    ["below/\u00fc\u65e5\u672c \u{1F600}'q.txt", Buffer.from("uglier")],
  ]);

  beforeAll(async () => {
    [place, bin] = await Promise.all([served("fs"), pythonClients()]);
    for (const [name, content] of files) {
      const path = join(place.folder, "up", name);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, content);
    }
  });
  afterAll(() => place.close());

  async function expectFiles(folder: string): Promise<void> {
    for (const [name, content] of files)
      expect(content.equals(await readFile(join(place.folder, folder, name))), name).toBe(true);
  }

  it("syncs with the AWS CLI in both directions, and finds nothing to do again", async () => {
    const aws = (...args: readonly string[]): Promise<string> =>
      client(join(bin, "python3"), [join(bin, "aws"), "s3", ...args], place);
    await aws("sync", "up", "s3://bucket/aws", "--no-progress");
    await aws("sync", "s3://bucket/aws", "aws", "--no-progress");
    await expectFiles("aws");
    expect(await aws("sync", "up", "s3://bucket/aws", "--no-progress")).toBe("");
    await aws("rm", "--recursive", "s3://bucket/aws", "--quiet");
    for await (const { key } of place.store.list({ prefix: "aws/" })) expect(key).toBe("");
  });

  it("syncs with s3cmd, which sends metadata in bare UTF-8", async () => {
    const config = join(place.folder, "s3cfg");
    const { host } = new URL(place.endpoint);
    const lines = [`host_base = ${host}`, `host_bucket = ${host}`, "use_https = False", "multipart_chunk_size_mb = 5"];
    await writeFile(config, ["[default]", ...lines, ""].join("\n"));
    const s3cmd = (...args: readonly string[]): Promise<string> =>
      client(join(bin, "python3"), [join(bin, "s3cmd"), "-c", config, "--no-progress", ...args], place);
    await s3cmd("sync", "up/", "s3://bucket/s3cmd/");
    await s3cmd("sync", "s3://bucket/s3cmd/", `${join(place.folder, "s3cmd")}/`);
    await expectFiles("s3cmd");
    await s3cmd("put", "--add-header=x-amz-meta-name:gr\u00fcn \u65e5", "up/empty", "s3://bucket/meta");
    expect((await place.store.head("meta"))?.metadata["name"]).toBe("gr\u00fcn \u65e5");
  });
});

describe("gateway over a full disk", () => {
  let place: Served;
  let uploads = 0;
  beforeAll(async () => {
    const cause = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const upload = async (): Promise<never> => {
      uploads++;
      throw fromErrno(cause);
    };
    place = await served({ ...memory(), upload });
  });
  afterAll(() => place.close());

  it.each(["legacy", "standard", "adaptive"])("is asked once by boto3 in the mode %s, and says why", async (mode) => {
    uploads = 0;
    const script = `
import boto3
from botocore.config import Config
s3 = boto3.client("s3", config=Config(retries={"mode": "${mode}", "max_attempts": 3}, s3={"addressing_style": "path"}))
try:
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
except Exception as error:
    print(error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
`;
    const said = await client(join(await pythonClients(), "python3"), ["-c", script], place);
    expect([said.trim(), uploads]).toEqual(["XMinioStorageFull 507", 1]);
  });

  it("is asked once by the AWS SDK for JavaScript, and says why", async () => {
    uploads = 0;
    const script = `
const S3 = require(require.resolve("@aws-sdk/client-s3", { paths: [process.argv[1]] }));
new S3.S3Client({ forcePathStyle: true, maxAttempts: 3 })
  .send(new S3.PutObjectCommand({ Bucket: "bucket", Key: "k", Body: "x" }))
  .catch((error) => console.log(error.name, error.$metadata.httpStatusCode));
`;
    const said = await client(process.execPath, ["-e", script, await sdkFolder()], place);
    expect([said.trim(), uploads]).toEqual(["XMinioStorageFull 507", 1]);
  });

  it("is asked once by the S3 driver, which calls it not retryable, and an app before it has no room either", async () => {
    uploads = 0;
    const keys = { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway-secret" };
    const store = s3({ bucket: "bucket", endpoint: place.endpoint, region: "us-east-1", ...keys });
    const error: unknown = await store.upload("k", "x").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "unavailable", retryable: false, response: { code: "XMinioStorageFull" } });
    expect([toResponse(error).status, uploads]).toEqual([507, 1]);
  });
});
