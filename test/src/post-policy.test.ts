import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { type PostOptions, presignPost } from "../../src/post-policy.ts";
import { testClock } from "../support/clock.ts";
import { clocked, stubbed } from "../support/stubbed.ts";

const five = { contentLength: { max: 5 } };

describe("presignPost", () => {
  it("gives the bucket's address as clients see it, the fields and their end, and asks nobody", async () => {
    const fetch = vi.fn();
    const options = { publicEndpoint: "https://files.example/s3", base: "in", fetch };
    const now = testClock(Date.parse("2026-03-04T05:06:07.900Z"));
    const form = await presignPost(clocked("http://minio:9000", now, options), "k", { ...five, expiresIn: 60 });
    expect(form).toEqual({
      url: "https://files.example/s3/bucket/",
      fields: {
        ...{ key: "in/k", "Content-Type": "application/octet-stream" },
        ...{ "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": "20260304T050607Z" },
        "x-amz-credential": "AKIDSTUB/20260304/us-east-1/s3/aws4_request",
        ...{ policy: expect.any(String), "x-amz-signature": expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      expiresAt: new Date("2026-03-04T05:07:07Z"),
    });
    expect(fetch).not.toHaveBeenCalled();
    expect(JSON.stringify(form) + atob(form?.fields["policy"] ?? "")).not.toContain("stub-secret");
  });

  it("gives the host of a bucket that is in the name", async () => {
    const driver = stubbed("https://s3.example", { forcePathStyle: false });
    expect(await presignPost(driver, "k", five)).toMatchObject({ url: "https://bucket.s3.example/" });
  });

  it("sends the driver's own headers along as fields", async () => {
    const driver = stubbed("http://s3", { headers: { "x-amz-server-side-encryption": "AES256" } });
    expect(await presignPost(driver, "k", five)).toMatchObject({
      fields: { "x-amz-server-side-encryption": "AES256" },
    });
  });

  it("is null where the driver cannot presign", async () => {
    expect(await presignPost(memory(), "k", five)).toBeNull();
  });

  it("rejects with the signal's reason", async () => {
    const signal = AbortSignal.abort("enough");
    await expect(presignPost(memory(), "k", { ...five, signal })).rejects.toBe("enough");
  });

  it.each<[string, object | undefined | null]>([
    ["options", undefined],
    ["options", null],
    ["contentLength", {}],
    ["contentLength", { contentLength: { min: 1 } }],
    ["contentLength", { contentLength: -1 }],
    ["contentLength", { contentLength: { max: 5 * 1024 ** 3 + 1 } }],
    ["contentLength.min", { contentLength: { min: 6, max: 5 } }],
    ["contentLength.min", { contentLength: { min: -1, max: 5 } }],
    ["contentType.prefix", { ...five, contentType: {} }],
    ["contentType.prefix", { ...five, contentType: { prefix: "image/\n" } }],
    ["contentType", { ...five, contentType: "a\nb" }],
    ["contentDisposition", { ...five, contentDisposition: "é" }],
    ["metadata", { ...five, metadata: { "a b": "c" } }],
    ["successStatus", { ...five, successStatus: 202 }],
    ["successStatus", { ...five, successStatus: 201, successRedirect: "https://app.example/" }],
    ["successRedirect", { ...five, successRedirect: "javascript:alert(1)" }],
    ["successRedirect", { ...five, successRedirect: "https://" }],
    ["expiresIn", { ...five, expiresIn: 0 }],
    ["expiresIn", { ...five, expiresIn: 604_801 }],
    ['"contentLanguage"', { ...five, contentLanguage: "en" }],
    ['"maxSize"', { ...five, maxSize: 5 }],
    ["cacheControl", { ...five, cacheControl: null }],
  ])("refuses %s: %j", async (name, options) => {
    await expect(presignPost(stubbed("http://s3"), "k", options as PostOptions)).rejects.toMatchObject({
      code: "invalid-option",
      operation: expect.stringMatching(/^presign(Post)?$/),
      message: expect.stringContaining(name),
    });
  });

  it.each<[string, Parameters<typeof presignPost>[1], string]>([
    ["an empty key", "", "invalid-key"],
    ["no key", undefined as unknown as string, "invalid-key"],
    ["a prefix that leads out", { prefix: "../" }, "invalid-key"],
    ["no prefix", {} as { prefix: string }, "invalid-key"],
    ["an empty prefix", { prefix: "" }, "invalid-option"],
    ["a key that the store would change", "a/${filename}", "invalid-option"],
    ["a prefix that the store would change", { prefix: "${filename}/" }, "invalid-option"],
  ])("refuses %s", async (_, key, code) => {
    await expect(presignPost(stubbed("http://s3"), key, five)).rejects.toMatchObject({ code });
  });

  it("refuses a scope and a base that the store would change", async () => {
    const scope = stubbed("http://s3").scoped("u/${filename}/");
    const based = stubbed("http://s3", { base: "b${filename}" });
    for (const store of [scope, based])
      await expect(presignPost(store, "k", five)).rejects.toMatchObject({ code: "invalid-option" });
  });
});
