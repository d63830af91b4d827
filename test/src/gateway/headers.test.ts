import { describe, expect, it } from "vitest";
import { checkFields, toHeaders, toOptions, validators } from "../../../src/gateway/headers.ts";
import type { ObjectInfo } from "../../../src/interface.ts";
import { asking, refusalOf } from "./asked.ts";

describe("checkHeaders", () => {
  it("takes a header that asks for nothing, and refuses one that asks for what is not there", async () => {
    const { ask } = asking();
    const lock = "x-amz-bucket-object-lock-enabled";
    expect((await ask("PUT", "bucket", { headers: { [lock]: "false" } })).status).toBe(200);
    expect((await ask("PUT", "bucket", { headers: { [lock]: "False" } })).status).toBe(200);
    expect(await refusalOf(await ask("PUT", "bucket", { headers: { [lock]: "true" } }))).toBe("501 NotImplemented");
  });

  it("takes the version that the SDK for C++ asks for with every request, and no other", async () => {
    const { ask } = asking();
    const answer = async (version: string): Promise<string> =>
      refusalOf(await ask("PUT", "bucket/key", { headers: { "x-amz-api-version": version } }));
    expect(await answer("2006-03-01")).toBe("200 undefined");
    expect(await answer("2030-01-01")).toBe("501 NotImplemented");
  });

  it("takes a bucket without ACLs, and refuses one that has some", async () => {
    const { ask } = asking();
    const answer = async (ownership: string): Promise<string> =>
      refusalOf(await ask("PUT", "bucket", { headers: { "x-amz-object-ownership": ownership } }));
    expect(await answer("BucketOwnerEnforced")).toBe("200 undefined");
    expect(await answer("BucketOwnerPreferred")).toBe("501 NotImplemented");
  });
});

describe("toOptions", () => {
  it.each([
    ["as bytes of UTF-8", "b\u00c3\u00a4r"],
    ["as Latin-1", "b\u00e4r"],
  ])("keeps metadata whose text is signed as UTF-8 and sent %s", async (_, sent) => {
    const { store, sign, send } = asking();
    const request = await sign("PUT", "bucket/key", { headers: { "x-amz-meta-name": "b\u00e4r" } });
    const headers = new Headers(request.headers);
    headers.set("x-amz-meta-name", sent);
    expect((await send(new Request(request, { headers }))).status).toBe(200);
    expect((await store.head("key"))?.metadata).toEqual({ name: "b\u00e4r" });
  });

  it("keeps the text of a form's field as it is, which are characters already", () => {
    expect(toOptions([["x-amz-meta-name", "b\u00c3\u00a4r"]]).metadata).toEqual({ name: "b\u00c3\u00a4r" });
  });

  it("takes a header without a value for none", () => {
    const { contentType, cacheControl } = toOptions(new Headers({ "content-type": "", "cache-control": "" }));
    expect([contentType, cacheControl]).toEqual(["binary/octet-stream", undefined]);
  });

  it.each([
    ["gzip", "gzip"],
    ["aws-chunked", undefined],
    ["aws-chunked,gzip", "gzip"],
    ["br, gzip , aws-chunked", "br, gzip"],
  ])("stores of the encoding %s what is the object's own", (sent, stored) => {
    expect(toOptions(new Headers({ "content-encoding": sent })).contentEncoding).toBe(stored);
  });

  it("takes 2 KiB of metadata, names included", () => {
    const of = (size: number) => (): unknown => toOptions([["x-amz-meta-a", "b".repeat(size - 1)]]);
    expect(of(2048)).not.toThrow();
    expect(of(2049)).toThrow(expect.objectContaining({ s3: "MetadataTooLarge" }));
  });
});

describe("allHeaders", () => {
  it("keeps what a presigned URL has in its query as a header would say it", async () => {
    const { store, send, presign } = asking();
    const query = "x-amz-meta-name=gr%C3%BCn%20%E6%97%A5&X-Amz-Meta-Other=b";
    expect((await send(await presign("PUT", `bucket/key?${query}`, { body: "a" }))).status).toBe(200);
    expect((await store.head("key"))?.metadata).toEqual({ name: "gr\u00fcn \u65e5", other: "b" });
  });

  it.each([
    ["x-amz-tagging=a%3Db", "501 NotImplemented"],
    ["x-amz-acl=public-read", "400 AccessControlListNotSupported"],
    ["x-amz-server-side-encryption=AES256", "501 NotImplemented"],
    ["x-amz-checksum-sha256=47DEQpj8HBSa%2B%2FTImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D", "400 BadDigest"],
    ["x-amz-checksum-crc32=AAAAAQ%3D%3D", "400 BadDigest"],
    ["x-amz-meta-a=b%0Ac", "400 InvalidArgument"],
    ["x-amz-meta-%C3%BC=b", "400 InvalidArgument"],
  ])("ignores nothing that it asks for: %s", async (query, refusal) => {
    const { store, send, presign } = asking();
    const request = await presign("PUT", `bucket/key?${query}`, { body: "a" });
    expect(await refusalOf(await send(request))).toBe(refusal);
    expect(await store.head("key")).toBe(null);
  });

  it("takes any body where the checksum is that of the body that the SDK for JavaScript did not know yet", async () => {
    const { send, presign } = asking();
    const query = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32";
    expect((await send(await presign("PUT", `bucket/key?${query}`, { body: "a" }))).status).toBe(200);
  });

  it.each([
    ["c", "400 InvalidArgument"],
    ["b", "200 undefined"],
  ])("refuses a header beside another of its name in the query: %s", async (value, answer) => {
    const { send, presign } = asking();
    const headers = { "x-amz-meta-a": value };
    const request = await presign("PUT", "bucket/key?x-amz-meta-a=b", { headers, body: "a" });
    expect(await refusalOf(await send(request))).toBe(answer);
  });
});

describe("checkFields", () => {
  const check = (name: string, value: string) => (): void => checkFields(new Map([[name, value]]));

  it.each([
    ["key", "a"],
    ["policy", "x"],
    ["acl", "private"],
    ["acl", "bucket-owner-read"],
    ["x-amz-acl", "bucket-owner-full-control"],
    ["x-amz-storage-class", "STANDARD"],
    ["x-amz-meta-a", "b"],
    ["x-amz-signature", "x"],
    ["x-ignore-a", "b"],
  ])("takes %s", (name, value) => {
    expect(check(name, value)).not.toThrow();
  });

  it.each([
    ["acl", "public-read", "AccessControlListNotSupported"],
    ["x-amz-acl", "public-read", "AccessControlListNotSupported"],
    ["x-amz-storage-class", "GLACIER", "InvalidStorageClass"],
    ["x-amz-storage-class", "REDUCED_REDUNDANCY", "InvalidStorageClass"],
    ["tagging", "", "NotImplemented"],
    ["x-amz-checksum-crc32", "AAAAAA==", "NotImplemented"],
    ["x-amz-copy-source", "/bucket/a", "NotImplemented"],
    ["x-amz-of-the-future", "false", "NotImplemented"],
  ])("refuses %s: %s", (name, value, s3) => {
    expect(check(name, value)).toThrow(expect.objectContaining({ s3 }));
  });
});

describe("toHeaders", () => {
  const of = (more: Partial<ObjectInfo>, shown = {}): Headers =>
    toHeaders({ key: "a", size: 1, etag: '"e"', contentType: "image/png", metadata: {}, ...more } as ObjectInfo, shown);
  const SANDBOX = "default-src 'none'; sandbox";

  it.each([
    "text/html",
    "text/html; charset=utf-8",
    "TEXT/HTML",
    "image/svg+xml",
    "application/xhtml+xml",
    "text/xml",
    "application/xml",
    "application/rss+xml",
    "text/javascript",
    "text/css",
    "application/json",
    "application/octet-stream",
    "binary/octet-stream",
    "multipart/x-mixed-replace; boundary=x",
    "message/rfc822",
    "image/png, text/html",
    "image/png; text/html",
    "image/png\u00a0",
    "image",
    "",
  ])("lets %j run nothing in the name of the origin", (contentType) => {
    for (const headers of [of({ contentType }), of({}, { contentType })]) {
      expect(headers.get("content-security-policy")).toBe(SANDBOX);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it.each(["image/png", "text/plain; charset=utf-8", "video/mp4", "audio/mpeg", "application/pdf"])(
    "lets a browser show %s, and take it for nothing else",
    (contentType) => {
      const headers = of({ contentType });
      expect(headers.get("content-security-policy")).toBeNull();
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("goes by the type that is shown, not the one that is stored", () => {
    expect(of({ contentType: "text/html" }, { contentType: "image/png" }).get("content-security-policy")).toBeNull();
  });

  it("leaves out what is no header value, as a folder may hold it", () => {
    const headers = of({ contentDisposition: "attachment\r\nset-cookie: a=b", cacheControl: "\u0001", etag: "ü€" });
    expect(Object.keys(Object.fromEntries(headers)).sort()).toEqual([
      "accept-ranges",
      "content-type",
      "x-content-type-options",
    ]);
  });

  it("says how much metadata it cannot show", () => {
    expect(of({ missingMetadata: 2 }).get("x-amz-missing-meta")).toBe("2");
    expect(of({}).has("x-amz-missing-meta")).toBe(false);
  });
});

describe("validators", () => {
  it("are what a cache updates, and nothing of what is not sent", () => {
    const lastModified = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 600));
    const info = { key: "a", size: 1, etag: '"e"', contentType: "text/html", metadata: { a: "b" }, lastModified };
    expect(Object.fromEntries(validators({ ...info, cacheControl: "no-store" } as unknown as ObjectInfo))).toEqual({
      etag: '"e"',
      "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
      "cache-control": "no-store",
    });
  });
});

describe("toHeaders", () => {
  it.each([
    ["b  c", "b  c"],
    ["", ""],
    ["=?b", "=?UTF-8?B?PT9i?="],
    ["gr\u00fcn", "=?UTF-8?B?Z3LDvG4=?="],
  ])("shows metadata as S3 shows it: %j", async (name, shown) => {
    const { store, ask } = asking();
    await store.upload("key", "", { metadata: { name } });
    expect((await ask("GET", "bucket/key")).headers.get("x-amz-meta-name")).toBe(shown);
  });
});
