import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { type ChecksumAlgorithm, crc32, crc32c, crc64nvme, sha256 } from "../../src/checksum.ts";
import { cut, noise, utf8 } from "../../src/conformance/bytes.ts";

const all: readonly ChecksumAlgorithm[] = [crc32, crc32c, crc64nvme, sha256];
const hex = (value: string): string => Buffer.from(value, "base64").toString("hex");

async function inPieces(algorithm: ChecksumAlgorithm, pieces: Iterable<Uint8Array>): Promise<string> {
  const hasher = algorithm.create();
  for (const piece of pieces) await hasher.update(piece);
  return hasher.digest();
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);
const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);
const rising = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index & 255);
const falling = (length: number): Uint8Array => rising(length).toReversed();

/** Check values as their specifications give them, in hex. */
const known: readonly (readonly [ChecksumAlgorithm, string, Uint8Array, string])[] = [
  // https://reveng.sourceforge.io/crc-catalogue/ the values of "123456789"
  [crc32, "123456789", utf8("123456789"), "cbf43926"],
  [crc32c, "123456789", utf8("123456789"), "e3069283"],
  [crc64nvme, "123456789", utf8("123456789"), "ae8b14860a799888"],
  // RFC 3720, B.4
  [crc32c, "32 zeros", zeros(32), "8a9136aa"],
  [crc32c, "32 ones", ones(32), "62a8ab43"],
  [crc32c, "32 rising bytes", rising(32), "46dd794e"],
  [crc32c, "32 falling bytes", falling(32), "113fdb5c"],
  // NVM Command Set Specification 1.0, figure 122
  [crc64nvme, "4 KiB of zeros", zeros(4096), "6482d367eb22b64e"],
  [crc64nvme, "4 KiB of ones", ones(4096), "c0ddba7302eca3ac"],
  [crc64nvme, "4 KiB of rising bytes", rising(4096), "3e729f5f6750449c"],
  [crc64nvme, "4 KiB of falling bytes", falling(4096), "9a2df64b8e9e517e"],
  // FIPS 180-4 examples
  [sha256, "abc", utf8("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [sha256, "nothing", zeros(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  [crc32, "nothing", zeros(0), "00000000"],
  [crc32c, "nothing", zeros(0), "00000000"],
  [crc64nvme, "nothing", zeros(0), "0000000000000000"],
];

describe("checksum", () => {
  it.each(known)("known value %#: $1", async (algorithm, _, bytes, expected) => {
    expect(hex(await algorithm.of(bytes))).toBe(expected);
    expect(hex(await inPieces(algorithm, cut(bytes, [1, 3, 8])))).toBe(expected);
  });

  it.each(all)("$name has the names that S3 knows", ({ name, header, type, combine }) => {
    expect(header).toBe(`x-amz-checksum-${name.toLowerCase()}`);
    expect(type).toBe(name === "SHA256" ? "composite" : "full");
    expect(typeof combine).toBe(name === "SHA256" ? "undefined" : "function");
  });

  it.each(all)(
    "$name is the same however the bytes are cut, and wherever they lie in their buffer",
    async (algorithm) => {
      const bytes = noise(5000, 7);
      const expected = await algorithm.of(bytes);
      for (const sizes of [[1], [7, 1, 64], [8], [63, 65], [0, 4096], [5000]])
        expect(await inPieces(algorithm, cut(bytes, sizes))).toBe(expected);
      for (let offset = 0; offset < 9; offset++) {
        const moved = new Uint8Array(6000);
        moved.set(bytes, offset);
        expect(await algorithm.of(moved.subarray(offset, offset + 5000))).toBe(expected);
      }
    },
  );

  it.each(all)("$name tells one flipped bit", async (algorithm) => {
    const bytes = noise(1000, 3);
    const expected = await algorithm.of(bytes);
    for (const at of [0, 1, 500, 999]) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 0x10;
      expect(await algorithm.of(flipped)).not.toBe(expected);
    }
  });

  it("sha256 is Node's at every length around a block", async () => {
    for (let length = 0; length < 200; length++) {
      const bytes = noise(length, length);
      expect(await sha256.of(bytes)).toBe(createHash("sha256").update(bytes).digest("base64"));
    }
  });

  it("makes nothing when it is imported", async () => {
    vi.resetModules();
    let made = 0;
    const construct = (target: Int32ArrayConstructor, args: unknown[]): Int32Array => {
      made++;
      return Reflect.construct(target, args) as Int32Array;
    };
    vi.stubGlobal("Int32Array", new Proxy(Int32Array, { construct }));
    const fresh = await import("../../src/checksum.ts");
    expect(made).toBe(0);
    await fresh.crc32.of(utf8("x"));
    expect(made).toBeGreaterThan(0);
    vi.unstubAllGlobals();
  });
});
