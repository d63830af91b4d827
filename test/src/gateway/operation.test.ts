import { describe, expect, it } from "vitest";
import { asking, refusalOf } from "./asked.ts";

describe("operationOf", () => {
  it.each([
    ["GET", "bucket?acl"],
    ["PUT", "bucket?versioning"],
    ["DELETE", "bucket?location"],
    ["GET", "bucket?metadataTable"],
    ["PUT", "bucket?tagging=1"],
    ["POST", "bucket/key?restore"],
    ["PUT", "bucket/key?ofTheFuture"],
    ["GET", "bucket/key?uploads"],
    ["GET", "bucket/key?attributes"],
    ["DELETE", "bucket"],
    ["PUT", "other"],
  ])("refuses what is not implemented: %s %s", async (method, path) => {
    const { store, ask } = asking();
    await store.upload("key", "before");
    expect(await refusalOf(await ask(method, path))).toBe("501 NotImplemented");
    expect(await (await store.download("key")).text()).toBe("before");
  });

  it.each([
    ["DELETE", "bucket/key?uploadId=", "404 NoSuchUpload"],
    ["DELETE", "bucket/key?versionId=7", "501 NotImplemented"],
    ["PUT", "bucket/key?partNumber=1", "400 InvalidArgument"],
    ["PUT", "bucket/key?partNumber=1&uploadId=", "404 NoSuchUpload"],
    ["POST", "bucket/key", "405 MethodNotAllowed"],
    ["PATCH", "bucket/key", "405 MethodNotAllowed"],
    ["POST", "bucket", "405 MethodNotAllowed"],
  ])("takes no object for a part, an upload or a version of it that is not named: %s %s", async (...call) => {
    const [method, path, refusal] = call;
    const { store, ask } = asking();
    await store.upload("key", "before");
    expect(await refusalOf(await ask(method, path, { body: "after" }))).toBe(refusal);
    expect(await (await store.download("key")).text()).toBe("before");
  });

  it.each([
    ["GET", "bucket?prefix=&delimiter=&marker="],
    ["GET", "bucket?list-type=2&prefix=&start-after=&encoding-type=url&x-id=ListObjectsV2"],
    ["GET", "bucket?versioning"],
    ["GET", "bucket/key?v"],
    ["GET", "bucket/key?versionId="],
    ["GET", "bucket/key?versionId=null"],
    ["PUT", "bucket/key?x-id=PutObject"],
  ])("takes parameters without a value that name nothing below: %s %s", async (method, path) => {
    const { store, ask } = asking();
    await store.upload("key", "before");
    expect((await ask(method, path)).status).toBe(200);
  });
});
