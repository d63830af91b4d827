import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import type { FolderGateway } from "../../../drivers/fs/presign.ts";
import s3 from "../../../drivers/s3.ts";
import { presignPost } from "../../../src/post-policy.ts";
import type { Driver, PresignOptions } from "../../../src/index.ts";

/** A folder that is never there. */
const base = join(tmpdir(), "unbucket-presign-none");
const keys = { accessKeyId: "AKID", secretAccessKey: "canary-secret" };
const folder = (gateway: Partial<FolderGateway> = {}): Driver =>
  fs({ base, gateway: { url: "https://example.com/s3/uploads", ...keys, ...gateway } });
const bucket = (region?: string): Driver =>
  s3({ bucket: "uploads", endpoint: "https://example.com/s3", region: region ?? "us-east-1", ...keys });

/** What both sign in the same second. */
async function both<T>(sign: (store: Driver) => Promise<T>, region?: string): Promise<readonly [T, T]> {
  for (;;) {
    const second = Math.floor(Date.now() / 1000);
    const pair = [await sign(folder({ region })), await sign(bucket(region))] as const;
    if (second === Math.floor(Date.now() / 1000)) return pair;
  }
}

describe("presign of a folder with a gateway", () => {
  const requests: readonly (readonly [string, string, PresignOptions])[] = [
    ["a GET", "a.txt", {}],
    ["a GET with other headers", "a.txt", { contentDisposition: "attachment", expiresIn: 60 }],
    ["an odd key", "a//ü %2F+?#/", {}],
    ["a PUT", "a.txt", { method: "PUT", contentType: "text/plain", contentLength: 5, metadata: { by: "Ädä" } }],
    ["a create-only PUT", "a.txt", { method: "PUT", ifNoneMatch: "*" }],
    ["a part", "a.txt", { method: "PUT", part: { uploadId: "u", partNumber: 2 } }],
  ];
  it.each(requests)("signs %s as the S3 driver does at the gateway's address", async (_what, key, options) => {
    const [ours, theirs] = await both((store) => store.presign(key, options));
    expect(ours).toEqual(theirs);
    expect(ours?.url).toMatch(/^https:\/\/example\.com\/s3\/uploads\/a.*X-Amz-Signature=/);
  });

  it("signs a form as the S3 driver does, to the bucket's address", async () => {
    const [ours, theirs] = await both((store) =>
      presignPost(store, { prefix: "a/" }, { contentLength: { max: 9 }, contentType: "image/png" }),
    );
    expect(ours).toEqual(theirs);
    expect(ours?.url).toBe("https://example.com/s3/uploads/");
  });

  it("signs for the gateway's region", async () => {
    const [ours, theirs] = await both((store) => store.presign("a"), "eu-central-1");
    expect(ours).toEqual(theirs);
    expect(ours?.url).toContain("%2Feu-central-1%2Fs3%2F");
  });

  it.each(["https://example.com/s3/uploads/", "https://example.com/s3/uploads//"])(
    "takes %s for the same bucket",
    async (url) => {
      const signed = await folder({ url }).presign("a");
      expect(signed?.url).toMatch(/^https:\/\/example\.com\/s3\/uploads\/a\?/);
    },
  );

  it("asks nobody, and makes no folder", async () => {
    await folder().presign("a", { method: "PUT" });
    expect(existsSync(base)).toBe(false);
  });

  it("gives null without one", async () => {
    expect(await fs({ base }).presign("a")).toBeNull();
    expect(await presignPost(fs({ base }), "a", { contentLength: 1 })).toBeNull();
  });

  it.each([
    ["a url that is none", { url: "/s3/uploads" }, "gateway.url"],
    ["another protocol", { url: "s3://uploads/" }, "gateway.url"],
    ["a query", { url: "https://example.com/uploads?canary" }, "gateway.url"],
    ["a user", { url: "https://me:canary@example.com/uploads" }, "gateway.url"],
    ["no bucket", { url: "https://example.com/" }, "gateway.url"],
    ["no bucket but slashes", { url: "https://example.com//" }, "gateway.url"],
    ["no access key", { accessKeyId: "" }, "gateway"],
    ["no secret key", { secretAccessKey: undefined as unknown as string }, "gateway"],
    ["a region that is no text", { region: 1 as unknown as string }, "region"],
    ["a member that there is not", { bucket: "uploads" }, "bucket"],
  ] as readonly (readonly [string, object, string])[])(
    "refuses %s at the first call, whatever that is, and tells no secret",
    async (_what, gateway, name) => {
      const error = await folder(gateway)
        .head("a")
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "invalid-option",
        operation: "open",
        message: expect.stringContaining(name),
      });
      expect(String(error)).not.toContain("canary");
    },
  );
});
