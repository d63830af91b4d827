/**
 * MD5, which older clients send in `Content-MD5` and no runtime but Node's has in pieces.
 * @see https://www.rfc-editor.org/rfc/rfc1321
 */
import type { Hasher } from "../checksum/algorithm.ts";

const BLOCK = 64;
const TURNS: Int32Array = /* @__PURE__ */ Int32Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

/** A hasher of its own; its value is in base64. */
export function md5(): Hasher {
  const sines = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const words = new Int32Array(16);
  const rest = new Uint8Array(BLOCK);
  let held = 0;
  let total = 0;

  function compress(bytes: Uint8Array, at: number): void {
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
  }

  function update(bytes: Uint8Array): void {
    total += bytes.byteLength;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.byteLength);
      rest.set(bytes.subarray(0, at), held);
      held += at;
      if (held < BLOCK) return;
      compress(rest, 0);
    }
    for (; at + BLOCK <= bytes.byteLength; at += BLOCK) compress(bytes, at);
    rest.set(bytes.subarray(at));
    held = bytes.byteLength - at;
  }

  return {
    update,
    digest() {
      const bits = total * 8;
      const end = new Uint8Array((held < 56 ? 64 : 128) - held);
      end[0] = 0x80;
      const view = new DataView(end.buffer);
      view.setUint32(end.length - 8, bits % 2 ** 32, true);
      view.setUint32(end.length - 4, Math.floor(bits / 2 ** 32), true);
      update(end);
      const value = new DataView(new ArrayBuffer(16));
      for (const [index, word] of state.entries()) value.setInt32(index * 4, word, true);
      return btoa(String.fromCharCode(...new Uint8Array(value.buffer)));
    },
  };
}

function num(array: Int32Array, at: number): number {
  return array[at] as number;
}
