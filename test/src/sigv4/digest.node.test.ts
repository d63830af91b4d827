import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { digestName, hmac, hmacHex, hmacKey, sha256Base64, sha256Hex } from "../../../src/sigv4/digest.node.ts";

const encoder = new TextEncoder();

it("digestName says node", () => {
  expect(digestName).toBe("node");
});

it.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
])("sha256Hex gives the known answer of %j", (data, expected) => {
  expect(sha256Hex(data)).toBe(expected);
  expect(sha256Hex(new TextEncoder().encode(data))).toBe(expected);
});

it("sha256Hex takes a view as what it shows, not as its buffer", () => {
  expect(sha256Hex(new TextEncoder().encode("xabcx").subarray(1, 4))).toBe(sha256Hex("abc"));
});

it("sha256Base64 is the same digest in base64", () => {
  expect(sha256Base64("abc")).toBe("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
});

it("hmac gives the answers of RFC 4231", () => {
  // Test cases 2 and 6: a short key, and one that is longer than a block.
  expect(hmacHex(hmacKey(encoder.encode("Jefe")), "what do ya want for nothing?")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  expect(
    hmacHex(hmacKey(new Uint8Array(131).fill(0xaa)), "Test Using Larger Than Block-Size Key - Hash Key First"),
  ).toBe("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  expect(new Uint8Array(hmac("Jefe", "what do ya want for nothing?"))[0]).toBe(0x5b);
});

it.each([0, 1, 31, 64, 65, 960, 961, 5000])(
  "hmacHex is Node's own HMAC for a text of %i letters, also beyond ASCII",
  (length) => {
    const key = hmac("a", "key");
    for (const letter of ["x", "é", "\u{1F4A9}"]) {
      const text = letter.repeat(length);
      expect(hmacHex(hmacKey(key), text)).toBe(createHmac("sha256", key).update(text).digest("hex"));
    }
  },
);
