import { describe, expect, it } from "vitest";
import { partNumberOf } from "../../../src/gateway/part.ts";
import { asking, refusalOf } from "./asked.ts";

describe("readPart", () => {
  it("gives an object as its one part, without bytes too, by GET and HEAD", async () => {
    const { store, ask } = asking();
    await store.upload("key", "abc", { contentType: "text/css" });
    await store.upload("empty", "");
    for (const method of ["GET", "HEAD"]) {
      const part = await ask(method, "bucket/key?partNumber=1");
      expect([part.status, await part.text()]).toEqual([206, method === "GET" ? "abc" : ""]);
      expect(Object.fromEntries(part.headers)).toMatchObject({
        "content-length": "3",
        "content-range": "bytes 0-2/3",
        "content-type": "text/css",
      });
      const empty = await ask(method, "bucket/empty?partNumber=1");
      expect([empty.status, empty.headers.get("content-length"), empty.headers.get("content-range")]).toEqual([
        200,
        "0",
        null,
      ]);
    }
  });

  it("says of a second part that there is one alone, after what else is to be said", async () => {
    const { store, ask } = asking();
    const { etag } = await store.upload("key", "abc");
    // Nobody would read what it gives.
    store.download = () => Promise.reject(new Error("opened"));
    const none = await ask("GET", "bucket/key?partNumber=2");
    expect(await none.clone().text()).toContain(
      "<ActualPartCount>1</ActualPartCount><PartNumberRequested>2</PartNumberRequested>",
    );
    expect(await refusalOf(none)).toBe("416 InvalidPartNumber");
    expect((await ask("HEAD", "bucket/key?partNumber=2")).status).toBe(416);
    expect(await refusalOf(await ask("GET", "bucket/none?partNumber=2"))).toBe("404 NoSuchKey");
    const said = async (headers: Record<string, string>) =>
      (await ask("GET", "bucket/key?partNumber=2", { headers })).status;
    expect([await said({ "if-none-match": etag }), await said({ "if-match": '"other"' })]).toEqual([304, 412]);
  });

  it("holds conditions of the first part, as a client asks that reads one part after another", async () => {
    const { store, ask } = asking();
    const { etag } = await store.upload("key", "abc");
    const said = async (headers: Record<string, string>) =>
      (await ask("GET", "bucket/key?partNumber=1", { headers })).status;
    expect([await said({ "if-match": etag }), await said({ "if-match": '"other"' })]).toEqual([206, 412]);
  });

  it.each([
    ["partNumber=0", {}, "400 InvalidArgument"],
    ["partNumber=10001", {}, "400 InvalidArgument"],
    ["partNumber=x", {}, "400 InvalidArgument"],
    ["partNumber=", {}, "400 InvalidArgument"],
    ["partNumber=1", { range: "bytes=0-1" }, "400 InvalidRequest"],
  ])("refuses %s with %j", async (query, headers, refusal) => {
    const { store, ask } = asking();
    await store.upload("key", "abc");
    expect(await refusalOf(await ask("GET", `bucket/key?${query}`, { headers }))).toBe(refusal);
  });
});

describe("partNumberOf", () => {
  it("is 1 to 10000", () => {
    const of = (text: string): number => partNumberOf({ query: new Map([["partNumber", text]]) });
    expect([of("1"), of("10000"), of("00007")]).toEqual([1, 10_000, 7]);
    for (const text of ["0", "10001", "-1", "1.0", " 1", "1e1"]) expect(() => of(text)).toThrow("between 1 and 10000");
  });
});
