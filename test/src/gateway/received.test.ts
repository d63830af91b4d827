import { describe, expect, it } from "vitest";
import { type Endpoint, receive, type Received, searchOf } from "../../../src/gateway/received.ts";
import { refusalOf } from "../../../src/gateway/refusal.ts";

function read(url: string, endpoint?: Endpoint, headers: HeadersInit = {}): Received {
  return receive(new Request(url, { headers }), "bucket", endpoint);
}

function address(...args: Parameters<typeof read>): readonly string[] {
  const { bucket, key, path, host } = read(...args);
  return [bucket, key, path, host];
}

function code(...args: Parameters<typeof read>): string {
  try {
    return JSON.stringify(address(...args));
  } catch (error) {
    return refusalOf(error).s3;
  }
}

describe("receive", () => {
  it.each([
    ["http://h/", "", "", "/"],
    ["http://h/bucket", "bucket", "", "/bucket"],
    ["http://h/bucket/", "bucket", "", "/bucket/"],
    ["http://h/bucket/a/b", "bucket", "a/b", "/bucket/a/b"],
    ["http://h/bucket/a%2Fb", "bucket", "a/b", "/bucket/a/b"],
    ["http://h/bucket%2Fa", "bucket", "a", "/bucket/a"],
    ["http://h/bucket//a//", "bucket", "/a//", "/bucket//a//"],
    ["http://h//bucket/a", "", "bucket/a", "//bucket/a"],
    ["http://h/bucket/a+b%20c", "bucket", "a+b c", "/bucket/a%2Bb%20c"],
    ["http://h/bucket/!'()*~", "bucket", "!'()*~", "/bucket/%21%27%28%29%2A~"],
    ["http://h/bucket/%252e%252e/a", "bucket", "%2e%2e/a", "/bucket/%252e%252e/a"],
    ["http://h/bucket/..%2Fa", "bucket", "../a", "/bucket/../a"],
    ["http://h/bucket/%e2%82%ac%00%0a", "bucket", "\u20ac\0\n", "/bucket/%E2%82%AC%00%0A"],
  ])("takes of %s the key that its signature is over", (url, bucket, key, path) => {
    expect(address(url)).toEqual([bucket, key, path, "h"]);
  });

  it.each([
    "http://h/bucket/%zz",
    "http://h/bucket/%c0%80",
    "http://h/bucket/%ed%a0%80",
    "http://h/b?a=%ff",
    "http://h/b?%=1",
  ])("refuses what is no percent-encoded UTF-8: %s", (url) => {
    expect(code(url)).toBe("InvalidURI");
  });

  it("takes the host as it arrives, with its port", () => {
    expect(address("http://h:8080/bucket/a")[3]).toBe("h:8080");
    expect(address("http://h/bucket/a", undefined, { host: "Other:1" })[3]).toBe("Other:1");
  });

  it("takes an endpoint's own host whatever arrives, and what is below its path", () => {
    const endpoint = { scheme: "https:", host: "files.example", path: "/s3/x y" };
    expect(address("http://10.0.0.1/s3/x%20y/bucket/a", endpoint)).toEqual([
      ...["bucket", "a", "/s3/x%20y/bucket/a", "files.example"],
    ]);
    expect(address("http://10.0.0.1/s3/x%20y", endpoint).slice(0, 2)).toEqual(["", ""]);
    for (const url of ["http://h/", "http://h/s3/x%20yz/bucket", "http://h/bucket/a", "http://h/s3/"])
      expect(code(url, endpoint)).toBe("InvalidURI");
  });

  it("knows scheme and host as the client has them, also behind a proxy", () => {
    const endpoint = { scheme: "https:", host: "files.example", path: "/s3" };
    const originOf = (url: string, at?: typeof endpoint, headers: Record<string, string> = {}): string =>
      receive(new Request(url, { headers }), "bucket", at).origin;
    expect(originOf("http://h:8080/bucket/a")).toBe("http://h:8080");
    expect(originOf("http://10.0.0.1/s3/bucket/a", endpoint)).toBe("https://files.example");
    expect(originOf("http://10.0.0.1/a", endpoint, { host: "bucket.files.example" })).toBe(
      "https://bucket.files.example",
    );
  });

  it("takes the bucket out of the host, only where that is the bucket's of the endpoint", () => {
    const endpoint = { scheme: "https:", host: "files.example", path: "/s3" };
    expect(address("http://10.0.0.1/a/b", endpoint, { host: "BUCKET.files.example" })).toEqual([
      ...["bucket", "a/b", "/a/b", "BUCKET.files.example"],
    ]);
    for (const host of [
      "other.files.example",
      "bucket.files.example.evil",
      "bucket.files.example:81",
      "bucketfiles.example",
    ])
      expect(code("http://10.0.0.1/a/b", endpoint, { host })).toBe("InvalidURI");
    expect(address("http://bucket.files.example/a/b")[0]).toBe("a");
  });

  it("reads a query as S3 does, with a space for +, and values that have =", () => {
    const { query } = read("http://h/bucket?a=1+2%2B3&b&c=&d=x%3Dy=z&%20e=%26&&__proto__=1");
    expect([...query]).toEqual([
      ["a", "1 2+3"],
      ["b", ""],
      ["c", ""],
      ["d", "x=y=z"],
      [" e", "&"],
      ["__proto__", "1"],
    ]);
  });

  it("refuses a parameter that is there twice, however it is written", () => {
    for (const query of ["prefix=a&prefix=b", "a&b&a", "a=1&%61=1", "a=1&a=1"])
      expect(code(`http://h/bucket?${query}`)).toBe("InvalidArgument");
    expect(code("http://h/bucket?a=1&A=1")).toBe('["bucket","","/bucket","h"]');
  });
});

describe("searchOf", () => {
  it("writes all parameters as they are signed, and leaves the signature out", () => {
    const search = searchOf(read("http://h/bucket?b=1+2&X-Amz-Signature=s&&a&x-amz-signature=t&c='%2f'&d*=e"));
    expect(search).toBe("b=1%202&a=&x-amz-signature=t&c=%27%2F%27&d%2A=e");
  });
});
