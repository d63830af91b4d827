import { expect, it, vi } from "vitest";
import s3 from "../../../../drivers/s3.ts";
import * as providers from "../../../../drivers/s3/providers/options.ts";
import type { ProviderOptions } from "../../../../drivers/s3/providers/options.ts";
import { toSettings } from "../../../../drivers/s3/settings.ts";

const { aws, b2, ceph, garage, gcs, minio, r2, seaweedfs, spaces, tigris, versitygw, wasabi } = providers;
const own = { endpoint: "http://localhost:9000" };

/** Where the driver then sends to, and for which region it signs, whatever the environment says. */
function reached(options: ProviderOptions): string {
  const env = { AWS_REGION: "ap-south-2" };
  const { region, address } = toSettings({ ...options, bucket: "box" }, env).whereabouts.site;
  return `${region} ${address.origin}${address.path}`;
}

it.each([
  [aws({ region: "eu-central-1" }), "eu-central-1 https://box.s3.eu-central-1.amazonaws.com/"],
  [r2({ accountId: "0a1b" }), "auto https://0a1b.r2.cloudflarestorage.com/box/"],
  [r2({ accountId: "0a1b", jurisdiction: "eu" }), "auto https://0a1b.eu.r2.cloudflarestorage.com/box/"],
  [b2({ region: "us-west-004" }), "us-west-004 https://s3.us-west-004.backblazeb2.com/box/"],
  [gcs(), "auto https://storage.googleapis.com/box/"],
  [tigris(), "auto https://box.t3.storage.dev/"],
  [spaces({ region: "fra1" }), "fra1 https://fra1.digitaloceanspaces.com/box/"],
  [wasabi({ region: "eu-central-1" }), "eu-central-1 https://s3.eu-central-1.wasabisys.com/box/"],
  [minio(own), "us-east-1 http://localhost:9000/box/"],
  [seaweedfs(own), "us-east-1 http://localhost:9000/box/"],
  [versitygw({ ...own, region: "here" }), "here http://localhost:9000/box/"],
  [ceph(own), "us-east-1 http://localhost:9000/box/"],
  [garage(own), "garage http://localhost:9000/box/"],
])("%j reach %s", (options, where) => {
  expect(reached(options)).toBe(where);
});

it("the options are all that the driver knows, and what is given beside them wins", async () => {
  const sent = vi.fn(async () => new Response(null, { headers: { etag: '"e"' } }));
  const keys = { accessKeyId: "a", secretAccessKey: "b" };
  await s3({ ...b2({ region: "us-west-004" }), ...keys, bucket: "box", forcePathStyle: false, fetch: sent }).upload(
    "k",
    "x",
  );
  expect(sent).toHaveBeenCalledWith("https://box.s3.us-west-004.backblazeb2.com/k", expect.anything());
});

it("Garage passes over conditions of writes, so that they are refused", async () => {
  const keys = { accessKeyId: "a", secretAccessKey: "b", bucket: "box" };
  const writing = s3({ ...garage(own), ...keys }).upload("k", "x", { ifNoneMatch: "*" });
  await expect(writing).rejects.toMatchObject({ code: "unsupported" });
});

it.each([
  ["accountId", () => r2({ accountId: undefined as never })],
  ["accountId", () => r2({ accountId: "evil.example/" })],
  ["jurisdiction", () => r2({ accountId: "0a", jurisdiction: "a.b" as never })],
  ["region", () => b2({ region: "" })],
  ["region", () => spaces({ region: "fra1.evil" })],
  ["region", () => wasabi({ region: "evil.example/x?" })],
  ["region", () => aws({ region: undefined as never })],
  ["endpoint", () => garage({ endpoint: "" })],
])("%s is refused where it would lead to another host", (option, make) => {
  expect(make).toThrow(expect.objectContaining({ code: "invalid-option", message: expect.stringMatching(option) }));
});
