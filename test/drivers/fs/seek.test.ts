import { expect, it } from "vitest";
import { seekFrom } from "../../../drivers/fs/seek.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it("seekFrom passes what comes after a key, and after a prefix nothing that begins with it", () => {
  const afterKey = seekFrom({ after: "a/b", within: false });
  expect(["a", "a/b", "a/b/c", "a/c", "b", "A"].filter((key) => afterKey.passes(key))).toEqual(["a/b/c", "a/c", "b"]);
  afterKey.move({ after: "a/b/", within: true });
  expect(["a/b/", "a/b/c", "a/b0", "b"].filter((key) => afterKey.passes(key))).toEqual(["a/b0", "b"]);
});

it("seekFrom says a folder is behind only when no key in it can pass", () => {
  const seek = seekFrom({ after: "b/c", within: false });
  expect(["a/", "b/", "b/a/", "b/c/", "c/"].map((prefix) => seek.isBehind(prefix))).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
  seek.move({ after: "b/", within: true });
  expect(["a/", "b/", "b/a/", "c/"].map((prefix) => seek.isBehind(prefix))).toEqual([true, true, true, false]);
  expect(["a/", "b", "b/", "b/a/", "c/"].map((prefix) => seek.isBehindBytes(bytes(prefix)))).toEqual([
    true,
    false,
    true,
    true,
    false,
  ]);
  expect(seekFrom().isBehind("a")).toBe(false);
});
