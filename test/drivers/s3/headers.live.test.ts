import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import s3 from "../../../drivers/s3.ts";
import type { Driver } from "../../../src/driver.ts";
import { freshBucket, keepVersions, type S3Server, servers, signed } from "../../support/s3.ts";

function driverOn({ endpoint, accessKeyId, secretAccessKey, region }: S3Server, bucket: string): Driver {
  return s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
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
