import { describe, expect, it } from "vitest";
import s3 from "../../../drivers/s3.ts";
import { freshBucket, servers } from "../../support/s3.ts";

it.each(servers)("keys that are revoked make nothing absent on $name", async (server) => {
  const { endpoint, region, secretAccessKey } = server;
  let { accessKeyId } = server;
  const credentials = async () => ({ accessKeyId, secretAccessKey, expiration: new Date(Date.now() + 1) });
  const store = s3({ bucket: await freshBucket(server), endpoint, region, credentials });
  await store.upload("k", "x");
  expect([await store.exists("k"), await store.exists("absent")]).toEqual([true, false]);
  accessKeyId = "REVOKED0000000000000";
  const codes = /^(denied|unauthenticated|bucket-not-found)$/;
  const refused = { code: expect.stringMatching(codes) as string };
  await expect(store.exists("k")).rejects.toMatchObject(refused);
  await expect(store.head("k")).rejects.toMatchObject(refused);
  await expect(store.download("k")).rejects.toMatchObject(refused);
  await expect(store.copy("k", "to")).rejects.toMatchObject(refused);
  await expect(store.delete("k")).rejects.toMatchObject(refused);
});

describe.each(servers)("keys that were replaced on $name", (server) => {
  const { endpoint, region, accessKeyId, secretAccessKey } = server;
  const keys = { accessKeyId, secretAccessKey };

  it.each(["accessKeyId", "secretAccessKey"])("by their %s are asked for anew", async (name) => {
    const bucket = await freshBucket(server);
    let asked = 0;
    const credentials = async () => (asked++ === 0 ? { ...keys, [name]: "REPLACED000000000000" } : keys);
    const verbs: ((store: ReturnType<typeof s3>) => Promise<unknown>)[] = [
      (store) => store.upload("k", "x"),
      (store) => store.download("k").then((object) => object.text()),
      (store) => store.list().pages().next(),
      // versitygw answers a HEAD of keys that it does not know with 404 and no more, as one of a bucket.
      ...(server.name === "versitygw" ? [] : [(store: ReturnType<typeof s3>) => store.head("k")]),
      (store) => store.delete("k"),
    ];
    for (const verb of verbs) {
      asked = 0;
      await verb(s3({ bucket, endpoint, region, credentials }));
      expect(asked).toBe(2);
    }
  });
});
