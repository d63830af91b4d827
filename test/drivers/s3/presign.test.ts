import { describe, expect, it, vi } from "vitest";
import { stubbed } from "../../support/stubbed.ts";

const driver = stubbed("http://minio:9000", { publicEndpoint: "https://files.example/s3", base: "in" });

describe("presignObject", () => {
  it("signs for the public endpoint, the base once, and asks nobody", async () => {
    const asked = vi.fn();
    const silent = stubbed("http://minio:9000", {
      publicEndpoint: "https://files.example",
      base: "/in/",
      fetch: asked,
    });
    const { url, method, headers } = (await silent.presign("a b+c/é", { expiresIn: 60 })) ?? { url: "" };
    expect(asked).not.toHaveBeenCalled();
    expect(url).toMatch(/^https:\/\/files\.example\/bucket\/in\/a%20b%2Bc\/%C3%A9\?/);
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("60");
    expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe("host");
    expect([method, headers]).toEqual(["GET", {}]);
  });

  it("puts what the answer shall be into the query, without a plus for a space", async () => {
    const options = {
      contentDisposition: 'attachment; filename="a + b"',
      contentType: "a/b",
      cacheControl: "no-store",
      contentLanguage: "de",
      contentEncoding: "identity",
      versionId: "v+/=",
    };
    const { url = "" } = (await driver.presign("k", options)) ?? {};
    const { searchParams, search } = new URL(url);
    expect(searchParams.get("response-content-language")).toBe("de");
    expect(searchParams.get("response-content-encoding")).toBe("identity");
    expect(searchParams.get("versionId")).toBe("v+/=");
    expect(searchParams.get("response-content-disposition")).toBe(options.contentDisposition);
    expect(searchParams.get("response-content-type")).toBe("a/b");
    expect(searchParams.get("response-cache-control")).toBe("no-store");
    expect(search).not.toContain("+");
  });

  it("signs every header that a PUT must send", async () => {
    const { url = "", headers } =
      (await driver.presign("k", {
        method: "PUT",
        contentType: "image/png",
        contentLength: 5,
        metadata: { Note: "é" },
        ifNoneMatch: "*",
      })) ?? {};
    expect(headers).toEqual({
      "content-type": "image/png",
      "if-none-match": "*",
      "x-amz-meta-note": "=?UTF-8?B?w6k=?=",
    });
    expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe(
      "content-length;content-type;host;if-none-match;x-amz-meta-note",
    );
  });

  it("signs headers of the call, the value of a checksum and the version to replace", async () => {
    const put = await driver.presign("k", {
      method: "PUT",
      ifMatch: '"e"',
      checksum: { name: "SHA256", value: "AAAA" },
      headers: { "X-Amz-Tagging": "a=b" },
    });
    expect(put?.headers).toEqual({ "if-match": '"e"', "x-amz-checksum-sha256": "AAAA", "x-amz-tagging": "a=b" });
    expect(new URL(put?.url ?? "").searchParams.get("X-Amz-SignedHeaders")).toBe(
      "host;if-match;x-amz-checksum-sha256;x-amz-tagging",
    );
    const get = await driver.presign("k", { headers: { "x-amz-request-payer": "requester" } });
    expect(get?.headers).toEqual({ "x-amz-request-payer": "requester" });
    const part = { uploadId: "u", partNumber: 7 };
    const one = await driver.presign("k", { method: "PUT", part, checksum: { name: "CRC32", value: "AAAAAA==" } });
    expect(one?.headers).toEqual({ "x-amz-checksum-crc32": "AAAAAA==" });
    for (const name of ["host", "content-type", "x-amz-date", "x-amz-security-token", "authorization", "x-amz-meta-a"])
      await expect(driver.presign("k", { headers: { [name]: "x" } }), name).rejects.toMatchObject({
        code: "invalid-option",
      });
  });

  it("signs one part of a multipart upload", async () => {
    const { url = "", headers } =
      (await driver.presign("k", { method: "PUT", part: { uploadId: "u+/=", partNumber: 7 } })) ?? {};
    expect(new URL(url).searchParams.get("uploadId")).toBe("u+/=");
    expect(new URL(url).searchParams.get("partNumber")).toBe("7");
    expect(headers).toEqual({});
  });

  it("signs a whole multipart upload: its parts with their lengths, its completion with its condition, and its abort", async () => {
    const MIB = 1024 * 1024;
    const state = {
      key: "k",
      uploadId: "u+/=",
      partSize: 5 * MIB,
      size: 12 * MIB,
      ifNoneMatch: "*" as const,
      parts: [],
    };
    const upload = await driver.resumeMultipartUpload("k", state);
    const given = await upload.presign({ expiresIn: 60 });
    const [first, , last] = given?.parts ?? [];
    expect(given?.parts.map(({ partNumber, start, end }) => [partNumber, start, end])).toEqual([
      [1, 0, 5 * MIB - 1],
      [2, 5 * MIB, 10 * MIB - 1],
      [3, 10 * MIB, 12 * MIB - 1],
    ]);
    expect([first?.method, given?.complete.method, given?.abort.method]).toEqual(["PUT", "POST", "DELETE"]);
    expect(given?.complete.headers).toEqual({ "if-none-match": "*" });
    const query = new URL(last?.url ?? "").searchParams;
    expect([query.get("uploadId"), query.get("partNumber"), query.get("X-Amz-Expires")]).toEqual(["u+/=", "3", "60"]);
    expect(query.get("X-Amz-SignedHeaders")).toBe("content-length;host");
    expect(new URL(given?.abort.url ?? "").searchParams.get("uploadId")).toBe("u+/=");
  });

  it("hears an abort while the credentials function is waited for", async () => {
    const control = new AbortController();
    const credentials = (): Promise<never> => {
      setImmediate(() => control.abort(new Error("left")));
      return new Promise(() => {});
    };
    const waits = stubbed("http://minio:9000", {
      accessKeyId: undefined,
      secretAccessKey: undefined,
      credentials,
    } as object);
    await expect(waits.presign("k", { signal: control.signal })).rejects.toThrow("left");
  });

  it("says until when it holds, by the second that is signed", async () => {
    const { url = "", expiresAt } = (await driver.presign("k", { expiresIn: 604_800 })) ?? {};
    const signed = new URL(url).searchParams.get("X-Amz-Date") ?? "";
    const begin = Date.parse(signed.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    expect(expiresAt?.getTime()).toBe(begin + 604_800_000);
  });

  it.each([
    ["expiresIn", { expiresIn: 0 }],
    ["expiresIn", { expiresIn: 604_801 }],
    ["expiresIn", { expiresIn: 1.5 }],
    ["method", { method: "DELETE" as "GET" }],
    ["PUT only", { metadata: { a: "b" } }],
    ["part.partNumber", { method: "PUT" as const, part: { uploadId: "u", partNumber: 10_001 } }],
    ["contentType", { contentType: "a\nb" }],
    ['"size"', { method: "PUT" as const, size: 5 }],
    ['"range"', { range: { start: 0 } }],
  ])("refuses %s: %j", async (name, options) => {
    await expect(driver.presign("k", options as object)).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining(name),
    });
  });
});
