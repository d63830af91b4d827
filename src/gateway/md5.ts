/**
 * MD5, which older clients send in `Content-MD5`. Only Node has a streaming one.
 * @see https://www.rfc-editor.org/rfc/rfc1321
 */
import type { Hasher } from "../checksum/algorithm.ts";
import { paddedHasher } from "../checksum/padded.ts";

const BLOCK = 64;
const TURNS: Int32Array = /* @__PURE__ */ Int32Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

/** A new MD5 hasher; its value is in base64. */
export function md5(): Hasher {
  const sines = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Int32Array(16);
  return paddedHasher(state, true, (bytes, at) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK);
    for (let index = 0; index < 16; index++) words[index] = view.getInt32(index * 4, true);
    let [a, b, c, d] = [num(state, 0), num(state, 1), num(state, 2), num(state, 3)];
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      let mixed: number;
      let from: number;
      if (round === 0) [mixed, from] = [(b & c) | (~b & d), step];
      else if (round === 1) [mixed, from] = [(d & b) | (~d & c), 5 * step + 1];
      else if (round === 2) [mixed, from] = [b ^ c ^ d, 3 * step + 5];
      else [mixed, from] = [c ^ (b | ~d), 7 * step];
      const sum = (a + mixed + num(sines, step) + num(words, from & 15)) | 0;
      const turn = num(TURNS, 4 * round + (step & 3));
      [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0];
    }
    for (const [index, word] of [a, b, c, d].entries()) state[index] = num(state, index) + word;
  });
}

function num(array: Int32Array, at: number): number {
  return array[at] as number;
}
