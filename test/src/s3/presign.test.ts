import { describe, expect, it } from "vitest";
import type { BackendPresignOptions, Key, Presigned } from "../../../src/backend.ts";
import { presign, type Presigner } from "../../../src/s3/presign.ts";

/** Half a second past a second. */
const NOW = Date.UTC(2026, 2, 4, 5, 6, 7, 500);

const signer: Presigner = {
  identity: { accessKeyId: "AKID", secretAccessKey: "canary-secret" },
  region: "eu-west-1",
  bucket: "bucket",
  address: { origin: "https://s3.example", path: "/bucket/" },
  base: "base/",
  headers: { "x-amz-request-payer": "requester" },
  now: NOW,
};

const signing = (options: Partial<BackendPresignOptions>, more: Partial<Presigner> = {}): Promise<Presigned> =>
  presign({ ...signer, ...more }, "a b" as Key, { method: "GET", expiresIn: 60, ...options });

const queryOf = ({ url }: Presigned): Record<string, string> => Object.fromEntries(new URL(url).searchParams);

describe("presign", () => {
  it("signs a GET that needs no header, with what the answer shall say", async () => {
    const given = await signing({ contentType: "text/plain", contentDisposition: 'attachment; filename="a"' });
    expect(given).toMatchObject({ method: "GET", headers: {}, expiresAt: new Date(NOW - 500 + 60_000) });
    expect(given.url).toMatch(/^https:\/\/s3\.example\/bucket\/base\/a%20b\?/);
    expect(queryOf(given)).toEqual({
      "response-content-type": "text/plain",
      "response-content-disposition": 'attachment; filename="a"',
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": "AKID/20260304/eu-west-1/s3/aws4_request",
      "X-Amz-Date": "20260304T050607Z",
      "X-Amz-Expires": "60",
      "X-Amz-SignedHeaders": "host",
      "X-Amz-Signature": expect.stringMatching(/^[\da-f]{64}$/) as string,
    });
  });

  it("signs all that shall hold for an upload, and tells what to send", async () => {
    const given = await signing({
      method: "PUT",
      contentType: "text/css",
      metadata: { a: "ä" },
      ifNoneMatch: "*",
      checksum: { name: "SHA256", value: "abc=" },
      headers: { "X-Amz-Acl": "private" },
      contentLength: 5,
    });
    expect(given.headers).toEqual({
      "content-type": "text/css",
      "if-none-match": "*",
      "x-amz-acl": "private",
      "x-amz-checksum-sha256": "abc=",
      "x-amz-meta-a": "=?UTF-8?B?w6Q=?=",
      "x-amz-request-payer": "requester",
    });
    expect(queryOf(given)["X-Amz-SignedHeaders"]).toBe(
      ["content-length", "host", ...Object.keys(given.headers)].sort().join(";"),
    );
  });

  it("signs a part, and the end of its upload", async () => {
    const part = queryOf(await signing({ method: "PUT", part: { uploadId: "u/1", partNumber: 7 } }));
    expect(part).toMatchObject({ partNumber: "7", uploadId: "u/1" });
    for (const method of ["POST", "DELETE"] as const) {
      const query = queryOf(await signing({ method, uploadId: "u/1" }));
      expect([query["uploadId"], "partNumber" in query]).toEqual(["u/1", false]);
    }
  });

  it("signs a version", async () => {
    expect(queryOf(await signing({ versionId: "v 1" }))["versionId"]).toBe("v 1");
  });

  it("outlives no keys, and shows their token", async () => {
    const expiration = new Date(NOW + 1000);
    const identity = { ...signer.identity, sessionToken: "token", expiration };
    const given = await signing({}, { identity });
    expect([given.expiresAt, queryOf(given)["X-Amz-Security-Token"]]).toEqual([expiration, "token"]);
  });

  it("changes with everything that is signed, and shows no secret", async () => {
    const all = await Promise.all([
      signing({}),
      signing({ method: "PUT" }),
      signing({ expiresIn: 61 }),
      signing({}, { region: "us-east-1" }),
      signing({}, { base: "" }),
      signing({}, { now: NOW + 1000 }),
      signing({ method: "PUT", contentLength: 1 }),
      signing({ method: "PUT", contentLength: 2 }),
      signing({}, { identity: { accessKeyId: "AKID", secretAccessKey: "other" } }),
    ]);
    expect(new Set(all.map((given) => queryOf(given)["X-Amz-Signature"])).size).toBe(all.length);
    expect(JSON.stringify(all)).not.toContain("canary");
  });

  it("signs a form for the bucket's address", async () => {
    const seen: unknown[] = [];
    const given = await signing({
      method: "PUT",
      contentType: "text/css",
      policy: (form) => {
        seen.push(form);
        return { key: form.key, policy: "cG9saWN5" };
      },
    });
    expect(given).toMatchObject({
      url: "https://s3.example/bucket/",
      headers: {
        key: "base/a b",
        policy: "cG9saWN5",
        "x-amz-signature": expect.stringMatching(/^[\da-f]{64}$/) as string,
      },
    });
    expect(seen).toMatchObject([
      { bucket: "bucket", headers: { "content-type": "text/css" }, stamp: "20260304T050607Z" },
    ]);
    expect(JSON.stringify(seen)).not.toContain("canary");
  });
});
