import { describe, expect, it } from "vitest";
import { Refusal } from "../../../src/gateway/refusal.ts";
import { refused } from "../../../src/gateway/refused.ts";
import { childText, readXml } from "../../../src/s3/xml.ts";
import { asking } from "./asked.ts";

const wrongRegion = new Refusal("AuthorizationHeaderMalformed", "another region", {
  headers: { "x-amz-bucket-region": "eu-west-1" },
});

describe("refused", () => {
  it("writes an error in no namespace, since botocore finds no code in one that has it", async () => {
    const { ask } = asking();
    expect(await (await ask("GET", "bucket/none")).text()).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>/,
    );
    expect(await (await ask("GET", "bucket")).text()).toContain("<ListBucketResult xmlns=");
  });

  it("does not call what is not implemented a failure of the server's", async () => {
    const errors: unknown[] = [];
    const { ask } = asking({ onError: (error) => errors.push(error) });
    expect((await ask("GET", "bucket?acl")).status).toBe(501);
    expect(errors).toEqual([]);
  });

  it("says nothing in a body where HTTP allows none, and keeps the headers", async () => {
    const head = refused(wrongRegion, new Request("http://h/bucket/a", { method: "HEAD" }), "ID");
    expect([head.status, head.body, head.headers.get("x-amz-bucket-region")]).toEqual([400, null, "eu-west-1"]);
    const same = refused(new Refusal("NotModified", "Not Modified"), new Request("http://h/bucket/a"), "ID");
    expect([same.status, same.body]).toEqual([304, null]);
  });

  it("names the path, the id and what else belongs to the refusal, and marks up nothing that a client sent", async () => {
    const request = new Request("http://h/bucket/<a>&'\"?prefix=<b>");
    const refusal = new Refusal("AccessDenied", "</Message><Code>None</Code>", { elements: { Region: "<us>" } });
    const text = await refused(refusal, request, "0123456789ABCDEF").text();
    expect(text).toContain("<Message>&lt;/Message&gt;&lt;Code&gt;None&lt;/Code&gt;</Message>");
    expect(text).toContain("<Region>&lt;us&gt;</Region><Resource>/bucket/%3Ca%3E&amp;&apos;%22</Resource>");
    expect(text).toContain("<RequestId>0123456789ABCDEF</RequestId>");
    expect(readXml(text).children.map(({ name }) => name)).toEqual([
      "Code",
      "Message",
      "Region",
      "Resource",
      "RequestId",
    ]);
  });

  it.each<[string | undefined, Record<string, string>]>([
    ["If-None-Match", { "if-none-match": "*" }],
    ["If-Match", { "if-match": '"e"' }],
    ["x-amz-copy-source-If-Match", { "x-amz-copy-source-if-match": '"e"' }],
    [undefined, { "if-match": '"e"', "x-amz-copy-source-if-match": '"e"' }],
  ])("names the one condition that did not hold: %s", async (condition, headers) => {
    const { store, ask } = asking();
    await store.upload("a", "a");
    const copies = Object.keys(headers).some((name) => name.startsWith("x-amz-copy"));
    const source: Record<string, string> = copies ? { "x-amz-copy-source": "bucket/a" } : {};
    const answer = await ask("PUT", `bucket/${copies ? "b" : "a"}`, { headers: { ...headers, ...source } });
    const [code, named] = await answer.text().then((text) => {
      const root = readXml(text);
      return [childText(root, "Code"), childText(root, "Condition")];
    });
    expect([code, named]).toEqual(["PreconditionFailed", condition]);
  });

  it("asks for a second's patience where the store is not there", () => {
    const { headers, status } = refused(new Refusal("ServiceUnavailable", "later"), new Request("http://h/"), "ID");
    expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([503, "1", "application/xml"]);
  });
});
