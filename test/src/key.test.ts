import { describe, expect, it } from "vitest";
import { compareKeys, encodePath, joinBase, parseKey, parsePrefix, toKvKey, toObjectKey } from "../../src/key.ts";

const invalid = expect.objectContaining({ name: "StorageError", code: "invalid-key" });

describe("parseKey", () => {
  it.each([
    "a",
    "a/b",
    "/a",
    "a/",
    "//",
    "a//b",
    "...",
    ".a",
    "a/..b",
    "a b+c?d#e&f=g%2F",
    "\\",
    ":",
    "\u0000\n",
    "😀",
    "x".repeat(1024),
    "漢".repeat(341),
  ])("takes %j as it is", (key) => {
    expect(parseKey(key)).toBe(key);
  });

  it.each(["", ".", "..", "a/./b", "../a", "a/..", "/..", "\ud800", "a\udc00b", "\udc00\ud800", "x".repeat(1025)])(
    "refuses %j",
    (key) => {
      expect(() => parseKey(key)).toThrow(invalid);
    },
  );

  it("counts UTF-8 bytes, not characters", () => {
    expect(parseKey("é".repeat(512))).toHaveLength(512);
    expect(() => parseKey("é".repeat(513))).toThrow(/1026/);
    expect(parseKey("😀".repeat(256))).toHaveLength(512);
    expect(() => parseKey("😀".repeat(257))).toThrow(invalid);
  });

  it.each([null, undefined, 1, {}])("refuses %s, which is no string", (key) => {
    expect(() => parseKey(key as unknown as string)).toThrow(invalid);
  });
});

describe("parsePrefix", () => {
  it.each(["", "a", "a/", "a/.", "a/..", ".", "..", "a/.e"])("takes %j, since it may still grow", (prefix) => {
    expect(parsePrefix(prefix)).toBe(prefix);
  });

  it.each(["./", "../a", "a/../", "\ud800", "x".repeat(1025)])("refuses %j", (prefix) => {
    expect(() => parsePrefix(prefix)).toThrow(invalid);
  });
});

describe("toKvKey and toObjectKey", () => {
  it.each([
    ["a", "a"],
    ["a/b/c.txt", "a:b:c.txt"],
    ["a b/ü", "a b:ü"],
  ])("name %j and %j as one object", (objectKey, kvKey) => {
    expect(toKvKey(objectKey)).toBe(kvKey);
    expect(toObjectKey(kvKey)).toBe(objectKey);
  });

  it.each(["a:b", "a?b", "a\\b", "a//b", "/a", "a/", ""])(
    "toKvKey gives null for %j, which no such key reaches",
    (key) => {
      expect(toKvKey(key)).toBeNull();
    },
  );
});

describe("joinBase", () => {
  it.each([
    ["", "a", "a"],
    ["b", "a", "b/a"],
    ["b/", "a", "b/a"],
    ["b//", "a", "b/a"],
    ["https://cdn/x", "/a", "https://cdn/x//a"],
  ])("joins %j and %j as %j", (base, rest, joined) => {
    expect(joinBase(base, rest)).toBe(joined);
  });
});

describe("encodePath", () => {
  it("leaves only unreserved characters and slashes", () => {
    const every = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join("");
    expect(encodePath(every)).toMatch(/^(?:[A-Za-z0-9\-._~/]|%[0-9A-F]{2})+$/);
    expect(decodeURIComponent(encodePath(every))).toBe(every);
  });

  it("survives URL parsing, and a slash that is encoded already stays apart", () => {
    const key = "a b/!'()*+,;=:@&$%2F~.txt/漢😀";
    expect(new URL(`http://h/${encodePath(key)}`).pathname).toBe(`/${encodePath(key)}`);
    expect(encodePath("%2F")).toBe("%252F");
  });
});

describe("compareKeys", () => {
  it("orders as UTF-8 bytes do", () => {
    const keys = [
      "",
      "a",
      "a/",
      "a!",
      "ab",
      "Z",
      "é",
      "漢",
      "\uffff",
      "\ue000",
      "😀",
      "😀a",
      "\u{10ffff}",
      "a😀",
      "a\uffff",
    ];
    const bytes = (text: string): Buffer => Buffer.from(text);
    for (const a of keys)
      for (const b of keys)
        expect(Math.sign(compareKeys(a, b)), `${a} ${b}`).toBe(Math.sign(Buffer.compare(bytes(a), bytes(b))));
  });
});
