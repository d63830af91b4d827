import { expect, it } from "vitest";
import { paddedHasher } from "../../../src/checksum/padded.ts";
import { cut } from "../../../src/conformance/bytes.ts";

/** The blocks of so many bytes of 1, cut into pieces, as hex. */
function blocksOf(length: number, sizes: readonly number[], littleEndian: boolean): string[] {
  const blocks: string[] = [];
  const hasher = paddedHasher(new Int32Array(1), littleEndian, (bytes, offset) => {
    blocks.push(Buffer.from(bytes.subarray(offset, offset + 64)).toString("hex"));
  });
  for (const piece of cut(new Uint8Array(length).fill(1), sizes)) void hasher.update(piece);
  void hasher.digest();
  return blocks;
}

it.each([
  ["the last bytes first", false, "0000000000000018"],
  ["the first bytes first", true, "1800000000000000"],
])("paddedHasher puts a one, zeros and the length in bits behind the bytes, %s", (_, littleEndian, end) => {
  expect(blocksOf(3, [3], littleEndian)).toEqual([`01010180${"00".repeat(52)}${end}`]);
});

it("paddedHasher gives the same blocks however the bytes are cut, another one where the length has no room", () => {
  for (let length = 0; length < 200; length++) {
    const whole = blocksOf(length, [200], false);
    expect(whole).toHaveLength(Math.floor((length + 8) / 64) + 1);
    for (const sizes of [[1], [63], [64], [65, 1]]) expect(blocksOf(length, sizes, false)).toEqual(whole);
  }
});

it.each([
  [false, [1, 2, 3, 4]],
  [true, [4, 3, 2, 1]],
])("paddedHasher writes the words of its state, little endian %s", (littleEndian, bytes) => {
  const hasher = paddedHasher(Int32Array.of(0x01020304), littleEndian, () => {});
  expect(hasher.digest()).toBe(Buffer.from(bytes).toString("base64"));
});
