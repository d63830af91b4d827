import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { sha256Blocks } from "../../../src/checksum/blocks.ts";
import { cut, noise, utf8 } from "../../../src/conformance/bytes.ts";

function digest(bytes: Uint8Array, sizes: readonly number[] = [bytes.length || 1]): string {
  const hasher = sha256Blocks();
  for (const piece of cut(bytes, sizes)) void hasher.update(piece);
  return Buffer.from(hasher.digest() as string, "base64").toString("hex");
}

it.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
])("sha256Blocks gives the answer of FIPS 180-4 (%#)", (text, expected) => {
  expect(digest(utf8(text))).toBe(expected);
});

it("sha256Blocks agrees with Node at every length around a block, however it is cut", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = noise(length, length + 1);
    const expected = createHash("sha256").update(bytes).digest("hex");
    for (const sizes of [[1], [63], [64], [65, 1], [200]]) expect(digest(bytes, sizes)).toBe(expected);
  }
});

it("sha256Blocks keeps nothing of what it was given", () => {
  const bytes = noise(100);
  const hasher = sha256Blocks();
  void hasher.update(bytes);
  const expected = createHash("sha256").update(bytes).digest("base64");
  bytes.fill(0);
  expect(hasher.digest()).toBe(expected);
});
