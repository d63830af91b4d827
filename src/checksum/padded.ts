/** Cuts bytes into blocks of 64 and pads the last one: what SHA-256 and MD5 share, except the byte order. */
import { base64 } from "../utf8.ts";
import type { Hasher } from "./algorithm.ts";

const BLOCK = 64;

/**
 * A hasher with a state of 32-bit words, into which `compress` mixes the block at an offset. Its value is the state in
 * base64.
 * @see https://www.rfc-editor.org/rfc/rfc1321#section-3.1
 */
export function paddedHasher(
  state: Int32Array,
  littleEndian: boolean,
  compress: (bytes: Uint8Array, offset: number) => void,
): Hasher {
  const rest = new Uint8Array(BLOCK);
  let held = 0;
  let total = 0;

  function update(bytes: Uint8Array): void {
    total += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(BLOCK - held, bytes.length);
      rest.set(bytes.subarray(0, at), held);
      held += at;
      if (held < BLOCK) return;
      compress(rest, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) compress(bytes, at);
    rest.set(bytes.subarray(at));
    held = bytes.length - at;
  }

  return {
    update,
    digest() {
      const bits = total * 8;
      const [high, low] = [Math.floor(bits / 2 ** 32), bits % 2 ** 32];
      // A one, zeros up to eight bytes before a block's end, the length in bits.
      const end = new Uint8Array((held < 56 ? 64 : 128) - held);
      end[0] = 0x80;
      const view = new DataView(end.buffer);
      view.setUint32(end.length - 8, littleEndian ? low : high, littleEndian);
      view.setUint32(end.length - 4, littleEndian ? high : low, littleEndian);
      update(end);
      const value = new DataView(new ArrayBuffer(state.byteLength));
      for (const [index, word] of state.entries()) value.setInt32(index * 4, word, littleEndian);
      return base64(new Uint8Array(value.buffer));
    },
  };
}
