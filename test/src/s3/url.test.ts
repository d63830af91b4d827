import { expect, it } from "vitest";
import { objectUrl } from "../../../src/s3/url.ts";

const address = { origin: "http://h:9", path: "/b/" };

it.each([
  ["", "/b/"],
  ["a/b.txt", "/b/a/b.txt"],
  ["/a", "/b//a"],
  ["a//b/", "/b/a//b/"],
  ["a b+c?d#e%2F&=", "/b/a%20b%2Bc%3Fd%23e%252F%26%3D"],
  ["漢😀", "/b/%E6%BC%A2%F0%9F%98%80"],
  ["!'()*~", "/b/%21%27%28%29%2A~"],
  ["a\\b\n", "/b/a%5Cb%0A"],
])("objectUrl of %j has the path %s, which URL parsing keeps", (key, path) => {
  const made = objectUrl(address, key);
  expect(made).toEqual({ url: `http://h:9${path}`, path });
  expect(new URL(made.url).pathname).toBe(path);
});

it("objectUrl encodes the query, leaves out what is undefined and keeps what is empty", () => {
  const { url } = objectUrl(address, "k", { uploads: "", "part number": 2, absent: undefined, token: "a+b/c= d&" });
  expect(url).toBe("http://h:9/b/k?uploads=&part%20number=2&token=a%2Bb%2Fc%3D%20d%26");
});
