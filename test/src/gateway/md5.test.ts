import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { md5 } from "../../../src/gateway/md5.ts";
import { chance } from "../../support/chance.ts";

const random = chance(5);
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);
const oracle = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("base64");

async function of(...pieces: readonly Uint8Array[]): Promise<string> {
  const hasher = md5();
  for (const piece of pieces) await hasher.update(piece);
  return hasher.digest();
}

describe("md5", () => {
  // https://www.rfc-editor.org/rfc/rfc1321#appendix-A.5
  it.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    [
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a",
    ],
  ])("gives the RFC's own value of %j", async (text, hex) => {
    expect(await of(new TextEncoder().encode(text))).toBe(Buffer.from(hex, "hex").toString("base64"));
  });

  it("gives Node's value for every length around the size of its blocks", async () => {
    for (let length = 0; length < 260; length++) {
      const bytes = noise(length);
      expect(await of(bytes), String(length)).toBe(oracle(bytes));
    }
  });

  it("gives the same however the bytes are cut, and of views within larger memory", async () => {
    for (let turn = 0; turn < 200; turn++) {
      const bytes = noise(Math.floor(random() * 1000)).subarray(Math.floor(random() * 20));
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) pieces.push(bytes.subarray(at, (at += Math.floor(random() * 130))));
      expect(await of(...pieces)).toBe(oracle(bytes));
    }
  });

  it("leaves the bytes as they are", async () => {
    const bytes = noise(1000);
    const copy = bytes.slice();
    await of(bytes);
    expect(bytes).toEqual(copy);
  });
});
