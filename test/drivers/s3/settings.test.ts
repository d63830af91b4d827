import { describe, expect, it } from "vitest";
import type { S3Options } from "../../../drivers/s3/options.ts";
import { toSettings } from "../../../drivers/s3/settings.ts";

const MIB = 1024 * 1024;
const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };
const settings = (options: S3Options, env = {}): ReturnType<typeof toSettings> =>
  toSettings({ bucket: "bucket", ...keys, ...options }, env);

describe("toSettings", () => {
  it("fills in defaults", () => {
    expect(settings({})).toMatchObject({
      bucket: "bucket",
      whereabouts: { site: { region: "us-east-1" } },
      base: "",
      bulkDelete: true,
      conditionalWrites: true,
      partSize: 8 * MIB,
      concurrency: 4,
      maxMemory: 64 * MIB,
      signPayload: true,
      headers: {},
      timeouts: { connect: 10_000, headers: 60_000, body: 60_000 },
    });
  });

  it("takes the region of the environment, unless an option says another", () => {
    expect(settings({}, { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "x" }).whereabouts.site.region).toBe(
      "eu-west-1",
    );
    expect(settings({}, { AWS_DEFAULT_REGION: "eu-west-2" }).whereabouts.site.region).toBe("eu-west-2");
    expect(settings({ region: "auto" }, { AWS_REGION: "eu-west-1" }).whereabouts.site.region).toBe("auto");
  });

  it.each<[S3Options, string, string]>([
    [{}, "https://bucket.s3.us-east-1.amazonaws.com", "/"],
    [{ region: "eu-west-1" }, "https://bucket.s3.eu-west-1.amazonaws.com", "/"],
    [{ region: "cn-north-1" }, "https://bucket.s3.cn-north-1.amazonaws.com.cn", "/"],
    [{ forcePathStyle: true }, "https://s3.us-east-1.amazonaws.com", "/bucket/"],
    [{ bucket: "a.b" }, "https://s3.us-east-1.amazonaws.com", "/a.b/"],
    [{ endpoint: "http://localhost:9000" }, "http://localhost:9000", "/bucket/"],
    [{ endpoint: "http://localhost:9000/" }, "http://localhost:9000", "/bucket/"],
    [{ endpoint: "https://h/storage/v1/s3" }, "https://h", "/storage/v1/s3/bucket/"],
    [{ endpoint: "https://r2.example", forcePathStyle: false }, "https://bucket.r2.example", "/"],
    [{ endpoint: "http://[::1]:9000" }, "http://[::1]:9000", "/bucket/"],
  ])("%j is addressed as %s%s", (options, origin, path) => {
    expect(settings(options).whereabouts.site.address).toEqual({ origin, path });
    expect(settings(options).whereabouts.site.publicAddress).toEqual({ origin, path });
  });

  it("keeps a public endpoint beside the one that is talked to", () => {
    const made = settings({ endpoint: "http://minio:9000", publicEndpoint: "https://files.example" });
    expect(made.whereabouts.site.address.origin).toBe("http://minio:9000");
    expect(made.whereabouts.site.publicAddress).toEqual({ origin: "https://files.example", path: "/bucket/" });
  });

  it.each([
    ["", ""],
    ["a", "a/"],
    ["/a/b/", "a/b/"],
    ["a//b", "a//b/"],
    ["/", ""],
  ])("base %j becomes %j", (base, expected) => {
    expect(settings({ base }).base).toBe(expected);
  });

  it.each<[string, S3Options]>([
    ["bucket", { bucket: "" }],
    ["bucket", { bucket: "a/b" }],
    ["bucket", { bucket: "a..b" }],
    ["bucket", { bucket: "b?x" }],
    ["bucket", { bucket: "box--usw2-az1--x-s3" }],
    ["region", { region: "eu west" }],
    ["region", { region: "x.evil.example/" }],
    ["endpoint", { endpoint: "localhost:9000" }],
    ["endpoint", { endpoint: "ftp://h" }],
    ["endpoint", { endpoint: "http://u:p@h" }],
    ["endpoint", { endpoint: "http://h?x" }],
    ["publicEndpoint", { publicEndpoint: "files" }],
    ["forcePathStyle", { endpoint: "http://127.0.0.1:9000", forcePathStyle: false }],
    ["base", { base: "a/../b" }],
    ["partSize", { partSize: 5 * MIB - 1 }],
    ["partSize", { partSize: 5 * 1024 * MIB + 1 }],
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: 65 }],
    ["maxMemory", { maxMemory: 8 * MIB - 1 }],
    ["signPayload", { signPayload: false, endpoint: "http://h" }],
    ["timeout.headers", { timeout: -1 }],
    ["timeout.body", { timeout: { body: 0.5 } }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ['"attempt" is no option', { retry: { attempt: 2 } as never }],
    ["retry must be of type object", { retry: 3 as never }],
    ['"header" is no option', { timeout: { header: 5000 } as never }],
    ["body must not be null", { timeout: { body: null as never } }],
    ["fetch", { fetch: "x" as never }],
    ["checksum", { checksum: "crc32" as never }],
    ["checksum", { checksum: [{ name: "crc32" }] as never }],
    ["dispatcher", { fetch: async () => new Response(), dispatcher: {} }],
    ["headers x-a", { headers: { "x-a": "b\nc" } }],
    ...[
      "Host",
      "Authorization",
      "Range",
      "Content-Length",
      "Content-Type",
      "If-Match",
      "x-amz-date",
      "x-amz-meta-a",
    ].map((name): [string, S3Options] => [`headers ${name.toLowerCase()}`, { headers: { [name]: "1" } }]),
    ...(["forcePathStyle", "bulkDelete", "conditionalWrites", "signPayload", "writeId"] as const).map(
      (name): [string, S3Options] => [`${name} must be of type boolean`, { endpoint: "http://h", [name]: "false" }],
    ),
    ...["bucket", "region", "endpoint", "accessKeyId", "base", "publicUrl", "publicEndpoint"].map(
      (name): [string, S3Options] => [`${name} must be of type string`, { [name]: 3 } as never],
    ),
    ["publicUrl", { publicUrl: "cdn.example.com" }],
    ["publicUrl", { publicUrl: "javascript:alert(1)//" }],
    ["credentials must be of type function", { credentials: keys as never }],
    ["onEvent must be of type function", { onEvent: 3 as never }],
    ["dispatcher must be of type object", { dispatcher: 3 as never }],
    ["headers must be of type object", { headers: 3 as never }],
    ['headers "a b', { headers: { "a b": "c" } }],
    ["accessKeyId", { accessKeyId: "", secretAccessKey: "s" }],
    ["secretAccessKey", { secretAccessKey: "" }],
  ])("refuses %s by name: %j", (name, options) => {
    expect(() => settings(options)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringMatching(new RegExp(`^${name}\\b`)) }),
    );
  });

  it("takes a customer key for all requests, and of publicUrl a path or a URL", () => {
    const headers = { "X-Amz-Server-Side-Encryption-Customer-Key": "k" };
    expect(settings({ headers }).headers).toEqual({ "x-amz-server-side-encryption-customer-key": "k" });
    expect(settings({ publicUrl: "/files/" }).publicUrl).toBe("/files");
    expect(settings({ publicUrl: "" }).publicUrl).toBeUndefined();
  });

  it("lets unsigned payloads go over https", () => {
    expect(settings({ signPayload: false, endpoint: "https://h" }).signPayload).toBe(false);
  });
});
