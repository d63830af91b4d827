import { crc32 as ofZlib } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crcAlgorithm } from "../../../src/checksum/crc.ts";
import { noise } from "../../../src/conformance/bytes.ts";

const crc32 = crcAlgorithm("CRC32", { width: 32, reflected: 0xedb88320n });
const crc64 = crcAlgorithm("CRC64NVME", { width: 64, reflected: 0x9a6c9329ac4bc9b5n });

/** Bit by bit, as the definition has it. */
function slowly(width: 32 | 64, reflected: bigint, bytes: Uint8Array): bigint {
  const ones = (1n << BigInt(width)) - 1n;
  let register = ones;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) register = register & 1n ? (register >> 1n) ^ reflected : register >> 1n;
  }
  return register ^ ones;
}

const toBigInt = (value: string): bigint => BigInt(`0x${Buffer.from(value, "base64").toString("hex")}`);

describe("crcAlgorithm", () => {
  it("agrees with zlib at every length", () => {
    for (let length = 0; length < 100; length++) {
      const bytes = noise(length, length + 1);
      expect(toBigInt(crc32.of(bytes) as string)).toBe(BigInt(ofZlib(bytes)));
    }
  });

  it.each([
    [32, 0x82f63b78n],
    [32, 0xd5828281n],
    [64, 0x9a6c9329ac4bc9b5n],
    [64, 0xc96c5795d7870f42n],
  ] as const)("of %i bits and %i agrees with the definition", (width, reflected) => {
    const algorithm = crcAlgorithm("X", { width, reflected });
    for (const length of [0, 1, 7, 8, 9, 16, 31, 64, 257]) {
      const bytes = noise(length, length + 5);
      expect(toBigInt(algorithm.of(bytes) as string)).toBe(slowly(width, reflected, bytes));
    }
  });

  it.each([crc32, crc64])("$name of two pieces is combined from theirs, at every cut", async (algorithm) => {
    const bytes = noise(300, 11);
    const whole = await algorithm.of(bytes);
    for (let at = 0; at <= bytes.length; at++) {
      const [first, second] = [await algorithm.of(bytes.subarray(0, at)), await algorithm.of(bytes.subarray(at))];
      expect(algorithm.combine?.(first, second, bytes.length - at)).toBe(whole);
    }
  });

  it.each([crc32, crc64])("$name of many parts is combined without a second pass", async (algorithm) => {
    const bytes = noise(1_000_003, 5);
    const partSize = 99_991;
    let value: string | undefined;
    for (let at = 0; at < bytes.length; at += partSize) {
      const part = bytes.subarray(at, at + partSize);
      const next = await algorithm.of(part);
      value = value === undefined ? next : algorithm.combine?.(value, next, part.length);
    }
    expect(value).toBe(await algorithm.of(bytes));
  });
});
