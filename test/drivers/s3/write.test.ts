import { describe, expect, it } from "vitest";
import { answer, failure, happy, wire, xml } from "../../support/wire.ts";
import { stubbed } from "../../support/stubbed.ts";

describe("putObject", () => {
  it("sends headers, metadata and conditions, and gives what is known", async () => {
    const server = await wire(happy);
    const info = await stubbed(server, { base: "in" }).upload("a b", "abc", {
      contentType: "a/b",
      cacheControl: "no-store",
      metadata: { Note: "é" },
      ifMatch: '"old"',
    });
    expect(server.lines()).toEqual(["PUT /bucket/in/a%20b"]);
    expect(server.requests[0]?.headers).toMatchObject({
      "content-type": "a/b",
      "cache-control": "no-store",
      "x-amz-meta-note": "=?UTF-8?B?w6k=?=",
      "if-match": '"old"',
      "content-length": "3",
    });
    expect(info).toMatchObject({
      key: "a b",
      size: 3,
      etag: '"e"',
      metadata: { note: "é" },
      location: "s3://bucket/in/a b",
      url: `${server.url}/bucket/in/a%20b`,
    });
  });

  it("rejects precondition-failed when ifMatch has nothing to match, as AWS says it", async () => {
    const server = await wire(failure(404, "NoSuchKey"));
    await expect(stubbed(server).upload("k", "x", { ifMatch: '"e"' })).rejects.toMatchObject({
      code: "precondition-failed",
    });
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("copyObject", () => {
  it("names the source encoded, with its condition, and reads the copy", async () => {
    const server = await wire(happy);
    const info = await stubbed(server, { base: "in" }).copy("a b/é+", "c", { ifMatch: '"e"' });
    expect(server.lines()).toEqual(["PUT /bucket/in/c", "HEAD /bucket/in/c"]);
    expect(server.requests[0]?.headers).toMatchObject({
      "x-amz-copy-source": "/bucket/in/a%20b/%C3%A9%2B",
      "x-amz-copy-source-if-match": '"e"',
    });
    expect(info).toMatchObject({ key: "c", size: 3 });
  });

  it("asks again when a 200 brings an error, and rejects not-found for an absent source", async () => {
    const server = await wire(failure(200, "InternalError"), happy);
    await stubbed(server).copy("a", "b");
    expect(server.requests).toHaveLength(3);
    await expect(stubbed(await wire(failure(404, "NoSuchKey"))).copy("a", "b")).rejects.toMatchObject({
      code: "not-found",
      key: "a",
    });
  });
});

describe("the steps of a multipart upload", () => {
  it("create rejects corrupt without an id", async () => {
    const server = await wire(xml("InitiateMultipartUploadResult", ""));
    await expect(stubbed(server).createMultipartUpload("k")).rejects.toMatchObject({ code: "corrupt" });
  });

  it("go to the upload, its id encoded; complete sorts the parts and reads the object", async () => {
    const server = await wire(happy);
    const upload = await stubbed(server).createMultipartUpload("k", { contentType: "a/b" });
    const second = await upload.uploadPart(2, "two");
    const first = await upload.uploadPart(1, new Blob(["one"]));
    const info = await upload.complete([second, first]);
    expect(server.lines()).toEqual([
      "POST /bucket/k?uploads=",
      "PUT /bucket/k?partNumber=2&uploadId=u%2F1%2Bx",
      "PUT /bucket/k?partNumber=1&uploadId=u%2F1%2Bx",
      "POST /bucket/k?uploadId=u%2F1%2Bx",
      "HEAD /bucket/k",
    ]);
    expect(server.requests[3]?.body.toString()).toMatch(/<PartNumber>1<.*<PartNumber>2</);
    expect(info).toMatchObject({ etag: '"all-2"', size: 3 });
  });

  it("a part without ETag is sent again, then corrupt", async () => {
    const server = await wire(happy, answer(200));
    const upload = await stubbed(server).createMultipartUpload("k");
    await expect(upload.uploadPart(1, "x")).rejects.toMatchObject({ code: "corrupt" });
    expect(server.requests).toHaveLength(5);
  });

  it("abort takes an upload that is gone as aborted", async () => {
    const server = await wire(happy, failure(404, "NoSuchUpload"));
    const upload = await stubbed(server).createMultipartUpload("k");
    await upload.abort();
    expect(server.lines().at(-1)).toBe("DELETE /bucket/k?uploadId=u%2F1%2Bx");
  });
});
