import { expect, it } from "vitest";
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
