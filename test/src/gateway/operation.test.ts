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
    ["GET", "bucket?prefix=&delimiter=&marker="],
    ["GET", "bucket?list-type=2&prefix=&start-after=&encoding-type=url&x-id=ListObjectsV2"],
    ["GET", "bucket?versioning"],
    ["GET", "bucket/key?v"],
    ["PUT", "bucket/key?x-id=PutObject"],
  ])("takes parameters without a value that name nothing below: %s %s", async (method, path) => {
    const { store, ask } = asking();
    await store.upload("key", "before");
    expect((await ask(method, path)).status).toBe(200);
  });
});
