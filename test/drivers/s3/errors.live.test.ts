import { describe, expect, it } from "vitest";
import s3 from "../../../drivers/s3.ts";
import { freshBucket, servers } from "../../support/s3.ts";

/** Keys that S3 has, and MinIO as a folder of files does not. */
const KEYS = ["a//b", "\0", "x".repeat(300), "..\\bob\\x", "a\\..\\b"];

describe.each(servers.filter(({ name }) => name === "minio"))("keys that $name refuses", (server) => {
  it.each(KEYS)("are invalid, not unknown: %j", async (key) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = server;
    const store = s3({ bucket: await freshBucket(server), endpoint, region, accessKeyId, secretAccessKey });
    await store.upload("ok", "x");
    const invalid = { code: "invalid-key", key, retryable: false };
    await expect(store.upload(key, "x")).rejects.toMatchObject(invalid);
    await expect(store.download(key)).rejects.toMatchObject(invalid);
    await expect(store.delete(key)).rejects.toMatchObject(invalid);
    await expect(store.copy("ok", key)).rejects.toMatchObject({ code: "invalid-key" });
    if (key.length < 300)
      await expect(store.list({ prefix: key }).pages().next()).rejects.toMatchObject({ code: "invalid-key" });
    // It refuses these before it looks at the method: its HEAD has neither a document nor the header.
    const asked = key.includes("..") ? { code: "unknown", response: { status: 400 } } : { code: "invalid-key" };
    await expect(store.head(key)).rejects.toMatchObject(asked);
    await expect(store.exists(key)).rejects.toMatchObject(asked);
    await expect(store.copy(key, "to")).rejects.toMatchObject(asked);
  });
});

it.each(servers.filter(({ name }) => name === "minio"))("a HEAD says what $name refuses it for", async (server) => {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const bucket = await freshBucket(server);
  const wrong = s3({ bucket, endpoint, region, accessKeyId, secretAccessKey: `${secretAccessKey}x` });
  await expect(wrong.head("k")).rejects.toMatchObject({
    code: "unauthenticated",
    response: { status: 403, code: "SignatureDoesNotMatch" },
  });
  const store = s3({ bucket, endpoint, region, accessKeyId, secretAccessKey });
  expect(await store.exists("k")).toBe(false);
});
