import { describe, expect, it } from "vitest";
import s3, { type S3Options } from "../../../drivers/s3.ts";
import { type ChecksumAlgorithm, crc32, crc32c, crc64nvme, sha256 } from "../../../src/checksum.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Driver } from "../../../src/driver.ts";
import { freshBucket, servers, type S3Server, signed } from "../../support/s3.ts";

const MIB = 1024 * 1024;
const all: readonly ChecksumAlgorithm[] = [crc32, crc32c, crc64nvme, sha256];

async function on(server: S3Server, options: S3Options): Promise<Driver & { readonly bucket: string }> {
  const { endpoint, accessKeyId, secretAccessKey, region } = server;
  const bucket = await freshBucket(server);
  const driver = s3({ bucket, endpoint, accessKeyId, secretAccessKey, region, partSize: 5 * MIB, ...options });
  return { ...driver, bucket };
}

describe.each(servers)("checksums on $name", (server) => {
  it.each(all)("$name: what is stored in one piece and in parts comes back whole", async (checksum) => {
    const driver = await on(server, { checksum });
    for (const size of [0, 1000, 11 * MIB + 7]) {
      const bytes = noise(size, size + 1);
      await driver.upload("k", source(cut(bytes, [256 * 1024 + 1])).stream);
      expect((await (await driver.download("k")).bytes()).byteLength).toBe(size);
    }
  });
});

const checking = servers.filter(({ name }) => name === "minio");

describe.each(checking)("the server's own checksums on $name", (server) => {
  async function stored(driver: { readonly bucket: string }): Promise<Record<string, string | null>> {
    const headers = { "x-amz-checksum-mode": "ENABLED" };
    const answer = await signed(server, "HEAD", `${driver.bucket}/k`, { headers });
    const names = ["type", ...all.map(({ name }) => name.toLowerCase())];
    return Object.fromEntries(names.map((name) => [name, answer.headers.get(`x-amz-checksum-${name}`)]));
  }

  it.each(all)("$name of one piece and of parts is what was computed here", async (checksum) => {
    const driver = await on(server, { checksum });
    const small = noise(1000);
    await driver.upload("k", small);
    expect(await stored(driver)).toMatchObject({ [checksum.name.toLowerCase()]: await checksum.of(small) });
    const large = noise(11 * MIB + 7);
    await driver.upload("k", large);
    const found = await stored(driver);
    if (checksum.type === "full")
      expect(found).toMatchObject({ type: "FULL_OBJECT", [checksum.name.toLowerCase()]: await checksum.of(large) });
    else expect(found).toMatchObject({ type: "COMPOSITE", sha256: expect.stringMatching(/-3$/) });
  });

  it("a checksum of one call wins over the driver's, and false is none", async () => {
    const driver = await on(server, { checksum: crc64nvme });
    await driver.upload("k", "hello", { checksum: crc32c });
    expect(await stored(driver)).toMatchObject({ crc32c: await crc32c.of(new TextEncoder().encode("hello")) });
    await driver.upload("k", "hello", { checksum: false });
    expect(await stored(driver)).toMatchObject({ crc32c: null, crc64nvme: null });
  });

  it("an upload that another process goes on with is completed with the checksum it was begun with", async () => {
    const first = await on(server, { checksum: crc32c });
    const bytes = noise(11 * MIB);
    const begun = await first.createMultipartUpload("k", { partSize: 5 * MIB });
    await begun.uploadPart(1, bytes.subarray(0, 5 * MIB));
    const state = JSON.parse(JSON.stringify(begun.state())) as ReturnType<typeof begun.state>;
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const options = { bucket: first.bucket, endpoint, accessKeyId, secretAccessKey, region };
    const second = await s3({ ...options, checksum: [crc64nvme, crc32c] }).resumeMultipartUpload("k", state);
    await second.send(() => bytes);
    expect(await stored(first)).toMatchObject({ type: "FULL_OBJECT", crc32c: await crc32c.of(bytes) });

    const without = await first.createMultipartUpload("k");
    const stranger = await s3(options).resumeMultipartUpload("k", without.state());
    await expect(stranger.uploadPart(1, "x")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringMatching(/checksum.*CRC32C/),
    });
    await without.abort();
  });

  it("parts by hand are completed with theirs", async () => {
    const driver = await on(server, {});
    const upload = await driver.createMultipartUpload("k", { checksum: crc64nvme });
    const bytes = noise(6 * MIB);
    const parts = [
      await upload.uploadPart(2, bytes.subarray(5 * MIB)),
      await upload.uploadPart(1, bytes.subarray(0, 5 * MIB)),
    ];
    await upload.complete(parts);
    expect(await stored(driver)).toMatchObject({ type: "FULL_OBJECT", crc64nvme: await crc64nvme.of(bytes) });
  });

  it("bytes that do not have the checksum are refused, in one piece and as a part", async () => {
    const driver = await on(server, {});
    const wrong: ChecksumAlgorithm = { ...crc32, of: () => "AAAAAA==" };
    await expect(driver.upload("k", "hello", { checksum: wrong })).rejects.toMatchObject({ code: "corrupt" });
    await expect(driver.upload("k", noise(6 * MIB), { checksum: wrong })).rejects.toMatchObject({ code: "corrupt" });
    expect(await driver.exists("k")).toBe(false);
  });
});
