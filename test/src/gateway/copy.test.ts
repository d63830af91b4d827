import { describe, expect, it } from "vitest";
import { asking, refusalOf } from "./asked.ts";

describe("copyPart", () => {
  it.each([
    ["bytes=2-3", "200 undefined", "cd"],
    ["bytes=2-4", "416 InvalidRange", undefined],
    ["bytes=9-10", "416 InvalidRange", undefined],
    ["bytes=3-2", "400 InvalidArgument", undefined],
  ])("copies the range that is named and no shorter one: %s", async (range, answer, copied) => {
    const { store, ask } = asking();
    await store.upload("from", "abcd");
    const { uploadId } = await store.createMultipartUpload("to");
    const headers = { "x-amz-copy-source": "/bucket/from", "x-amz-copy-source-range": range };
    expect(await refusalOf(await ask("PUT", `bucket/to?uploadId=${uploadId}&partNumber=1`, { headers }))).toBe(answer);
    const parts = await (await store.resumeMultipartUpload("to", uploadId)).parts();
    expect(parts.map(({ size }) => size)).toEqual(copied === undefined ? [] : [copied.length]);
  });
});
