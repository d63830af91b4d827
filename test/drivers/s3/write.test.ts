import { describe, expect, it } from "vitest";
import { answer, failure, happy, wire } from "../../support/wire.ts";
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

  it("is not acknowledged by the page of a web server, though it has an ETag as Express gives it", async () => {
    const page = { "content-type": "text/html; charset=utf-8", etag: 'W/"5-e"' };
    const server = await wire(answer(200, page, new TextEncoder().encode("hello")));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining("no S3 store"),
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
