import { describe, expect, it } from "vitest";
import { iso, xml } from "../../../src/gateway/call.ts";

describe("xml", () => {
  it("is a document with a prolog, in S3's namespace", async () => {
    const response = xml(["Root", [["Key", "a<b>&\"'\u0001ü"]]], { status: 201, headers: { etag: '"e"' } });
    expect([response.status, response.headers.get("content-type"), response.headers.get("etag")]).toEqual([
      201,
      "application/xml",
      '"e"',
    ]);
    expect(await response.text()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<Root xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Key>a&lt;b&gt;&amp;&quot;&apos;&#1;ü</Key></Root>',
    );
  });

  it("writes entities by their names, since small clients know no numbers", async () => {
    expect(await xml(["Key", "$& <a> \"b\" 'c'"]).text()).toContain(">$&amp; &lt;a&gt; &quot;b&quot; &apos;c&apos;<");
  });

  it("is an error in no namespace, where clients look for it", async () => {
    expect(await xml(["Error", [["Code", "NoSuchKey"]]]).text()).toContain("\n<Error><Code>");
  });
});

describe("iso", () => {
  it("is a moment with milliseconds, also of none", () => {
    expect([iso(new Date(1)), iso(undefined)]).toEqual(["1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.000Z"]);
  });
});
