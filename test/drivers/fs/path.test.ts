import { describe, expect, it } from "vitest";
import { candidatesOf, encodeKey, isOrdinary, keyOfEncoded, keyOfPlain } from "../../../drivers/fs/path.ts";
import { seeded, UGLY_KEYS, uglyKey } from "./folder.ts";

const random = seeded(7);
const KEYS = [...UGLY_KEYS, ...Array.from({ length: 5000 }, () => uglyKey(random))];
/** Every name that Windows, macOS, Linux and eCryptfs take, and that no program takes for a device or a backup. */
const PORTABLE = /^(?:[a-z0-9_%-]{1,135}|[a-z0-9_%-]{1,135}=)$/;

describe("encodeKey", () => {
  it("comes back as the same key by keyOfEncoded, from a different path for every key", () => {
    const paths = new Map<string, string>();
    for (const key of KEYS) {
      const path = encodeKey(key);
      expect(keyOfEncoded(path)).toBe(key);
      expect(paths.get(path) ?? key).toBe(key);
      paths.set(path, key);
    }
  });

  it("has names that are portable, and no name that is both a folder and a file", () => {
    const folders = new Set<string>();
    const files = new Set<string>();
    for (const key of KEYS) {
      const names = encodeKey(key).split("/").slice(2);
      expect(names.every((name) => PORTABLE.test(name))).toBe(true);
      for (let depth = 1; depth < names.length; depth++) folders.add(names.slice(0, depth).join("/"));
      files.add(names.join("/"));
    }
    expect([...files].filter((file) => folders.has(file))).toEqual([]);
  });

  it("stays one path for each key where the file system folds case", () => {
    const spelled = new Map<string, string>();
    for (const key of KEYS) {
      const folded = encodeKey(key).toLowerCase();
      expect(spelled.get(folded) ?? key).toBe(key);
      spelled.set(folded, key);
    }
  });
});

describe("keyOfEncoded", () => {
  it.each([
    ["an upper-case escape", ".unbucket/keys/%2F="],
    ["an escape that is not needed", ".unbucket/keys/%61="],
    ["no mark at the end", ".unbucket/keys/a"],
    ["a mark in between", ".unbucket/keys/a=/b="],
    ["a short piece before the last", ".unbucket/keys/a/b="],
    ["nothing", ".unbucket/keys/="],
    ["half a character", ".unbucket/keys/%c3="],
    ["a dot segment", ".unbucket/keys/a%2f%2e%2e="],
    ["another tree", "a="],
    ["a letter that is never literal", ".unbucket/keys/é="],
  ])("gives null for %s", (_, path) => {
    expect(keyOfEncoded(path)).toBe(null);
  });
});

describe("candidatesOf", () => {
  it("puts the plain path first for ordinary keys, and gives it back by keyOfPlain", () => {
    for (const key of KEYS.filter(isOrdinary)) {
      expect(candidatesOf(key, true)[0]).toEqual({ tree: "plain", path: key });
      expect(keyOfPlain(key, true)).toBe(key);
      expect(keyOfPlain(key, false)).toBe(key);
    }
  });

  it("puts the encoded path first for all others, and then the plain one where the host can have it", () => {
    expect(candidatesOf("x:y", true).map((candidate) => candidate.tree)).toEqual(["keys", "plain"]);
    expect(candidatesOf("x:y", false).map((candidate) => candidate.tree)).toEqual(["keys"]);
    for (const key of KEYS.filter((each) => !isOrdinary(each))) expect(candidatesOf(key, true)[0]?.tree).toBe("keys");
  });

  it("never has a plain path that leaves the root or enters the reserved folder", () => {
    for (const key of KEYS) {
      for (const { tree, path } of candidatesOf(key, true)) {
        if (tree !== "plain") continue;
        expect(path).not.toMatch(/^\/|\0|(^|\/)\.{0,2}(\/|$)/);
        expect(path).not.toMatch(/^\.unbucket(\/|$)/i);
      }
    }
  });
});

describe("isOrdinary", () => {
  it.each([
    "a.jpg",
    "avatars/1.jpg",
    "é/ü.txt",
    "File",
    ".env",
    "a b",
    "com0",
    "console",
    "x".repeat(255),
    "a/.unbucket",
    "%2f",
    "a=b",
    "foo~",
  ])("is true for %s", (key) => expect(isOrdinary(key)).toBe(true));
  it.each([
    "a//b",
    "/a",
    "a/",
    "con",
    "Con.txt",
    "nul .x",
    "a/lpt9",
    "x.",
    "x ",
    "a\\b",
    "a:b",
    "a\u0001",
    ".unbucket",
    ".UnBucket/x",
    "UNBUCK~1",
    "x".repeat(256),
    "é".repeat(128),
  ])("is false for %j", (key) => expect(isOrdinary(key)).toBe(false));
});
