import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import s3 from "../../../drivers/s3.ts";
import type { Driver } from "../../../src/driver.ts";
import type { ObjectInfo } from "../../../src/interface.ts";
import { freshBucket, keepVersions, type S3Server, servers, signed } from "../../support/s3.ts";

const PART = 5 * 1024 * 1024;

function driverOn({ endpoint, accessKeyId, secretAccessKey, region }: S3Server, bucket: string): Driver {
  return s3({ bucket, endpoint, accessKeyId, secretAccessKey, region, partSize: PART });
}

describe.each(servers)("versionId on $name", (server) => {
  it("reads, copies and deletes one version, while the newest stays", async () => {
    const driver = driverOn(server, await keepVersions(server, await freshBucket(server)));
    await driver.upload("k", "first");
    const versionId = (await driver.head("k"))?.versionId ?? "";
    expect(versionId).not.toBe("");
    await driver.upload("k", "second!");
    expect((await driver.head("k", { versionId }))?.size).toBe(5);
    expect(await (await driver.download("k", { versionId })).text()).toBe("first");
    expect(await (await driver.download("k")).text()).toBe("second!");
    await driver.copy("k", "copy", { versionId });
    expect(await (await driver.download("copy")).text()).toBe("first");
    await driver.delete("k");
    expect(await driver.exists("k")).toBe(false);
    expect(await driver.exists("k", { versionId })).toBe(true);
    await driver.delete("k", { versionId });
    expect(await driver.exists("k", { versionId })).toBe(false);
  });

  it("of what a write has made is what it resolves with", async () => {
    const driver = driverOn(server, await keepVersions(server, await freshBucket(server)));
    const big = new Uint8Array(PART + 1);
    const byHand = async (): Promise<ObjectInfo> => {
      const upload = await driver.createMultipartUpload("by-hand", { partSize: PART });
      return upload.complete([await upload.uploadPart(1, "x")]);
    };
    const sent = async (): Promise<ObjectInfo> =>
      (await driver.createMultipartUpload("sent", { partSize: PART })).send((start) => big.subarray(start));
    await driver.upload("from", "x");
    const written = [
      await driver.upload("put", "x"),
      await driver.upload("created", "x", { ifNoneMatch: "*" }),
      await driver.upload("parts", new Blob([big]).stream()),
      await byHand(),
      await sent(),
      await driver.update("updated", () => "x"),
      await driver.copy("from", "copy"),
      await driver.copy("from", "only-created", { ifNoneMatch: "*" }),
      await driver.move("from", "moved"),
    ];
    // Ceph tells none of a copy in one request.
    const silent = written.filter(({ versionId }) => versionId === undefined).map(({ key }) => key);
    expect(silent).toEqual(server.name === "ceph" ? ["copy", "moved"] : []);
    for (const { key, versionId, etag } of written.filter(({ key }) => !silent.includes(key))) {
      await driver.upload(key, "newer!");
      // Ceph completes an upload in parts without saying its ETag.
      const told = etag === '""' ? { versionId } : { versionId, etag };
      expect(await driver.head(key, { versionId }), key).toMatchObject(told);
    }
  });
});

describe.each(servers)("headers on $name", (server) => {
  it("of an upload set tags, which are there afterwards", async () => {
    const bucket = await freshBucket(server);
    await driverOn(server, bucket).upload("k", "x", { headers: { "x-amz-tagging": "color=blue" } });
    const tags = await (await signed(server, "GET", `${bucket}/k?tagging=`)).text();
    expect(tags).toContain("<Key>color</Key><Value>blue</Value>");
  });

  it("of a move open what a customer's key encrypts, and encrypt it with another", async () => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const options = { bucket: await freshBucket(server), endpoint, accessKeyId, secretAccessKey, region };
    const made = s3({ ...options, headers: customer("", 1) }).upload("a", "secret");
    // It takes such keys over TLS only. versitygw passes over them.
    if (server.name === "minio") return expect(made).rejects.toMatchObject({ response: { status: 400 } });
    await made;
    const store = s3(options);
    if (server.name !== "versitygw") await expect(store.head("a")).rejects.toMatchObject({ response: { status: 400 } });
    const headers = { ...customer("copy-source-", 1), ...customer("", 2) };
    const moved = store.move("a", "b", { headers });
    if (server.name === "ceph") {
      // It copies nothing that is encrypted.
      await expect(moved).rejects.toMatchObject({ code: "unsupported" });
      return expect(await (await store.download("a", { headers: customer("", 1) })).text()).toBe("secret");
    }
    expect(await moved).toMatchObject({ key: "b", size: 6 });
    expect(await (await store.download("b", { headers: customer("", 2) })).text()).toBe("secret");
    expect(await store.exists("a", { headers: customer("", 1) })).toBe(false);
  });
});

/** A customer's key as headers have it, of an object or of the source of a copy. */
function customer(of: "" | "copy-source-", byte: number): Record<string, string> {
  const key = Buffer.alloc(32, byte);
  const name = `x-amz-${of}server-side-encryption-customer`;
  return {
    [`${name}-algorithm`]: "AES256",
    [`${name}-key`]: key.toString("base64"),
    [`${name}-key-md5`]: createHash("md5").update(key).digest("base64"),
  };
}
