/**
 * A streaming SHA-256 in plain JavaScript.
 * @see https://csrc.nist.gov/pubs/fips/180-4/upd1/final FIPS 180-4
 */
import type { Hasher } from "./algorithm.ts";
import { paddedHasher } from "./padded.ts";

let constants: { readonly roots: Int32Array; readonly initial: Int32Array } | undefined;

/** A new SHA-256 hasher. */
export function sha256Blocks(): Hasher {
  const { roots, initial } = (constants ??= makeConstants());
  const state = new Int32Array(initial);
  const schedule = new Int32Array(64);
  return paddedHasher(state, false, (bytes, offset) => compress(state, schedule, roots, bytes, offset));
}

function compress(state: Int32Array, w: Int32Array, roots: Int32Array, bytes: Uint8Array, offset: number): void {
  for (let t = 0; t < 16; t++) {
    const at = offset + t * 4;
    w[t] =
      (byteOf(bytes, at) << 24) | (byteOf(bytes, at + 1) << 16) | (byteOf(bytes, at + 2) << 8) | byteOf(bytes, at + 3);
  }
  for (let t = 16; t < 64; t++) {
    const x = word(w, t - 15);
    const y = word(w, t - 2);
    const low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[t] = (word(w, t - 16) + low + word(w, t - 7) + high) | 0;
  }
  let a = word(state, 0);
  let b = word(state, 1);
  let c = word(state, 2);
  let d = word(state, 3);
  let e = word(state, 4);
  let f = word(state, 5);
  let g = word(state, 6);
  let h = word(state, 7);
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g);
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + word(roots, t) + word(w, t)) | 0;
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] = word(state, 0) + a;
  state[1] = word(state, 1) + b;
  state[2] = word(state, 2) + c;
  state[3] = word(state, 3) + d;
  state[4] = word(state, 4) + e;
  state[5] = word(state, 5) + f;
  state[6] = word(state, 6) + g;
  state[7] = word(state, 7) + h;
}

/** Rotated right. */
function turn(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

/** The first 32 bits of the fractions of the cube and square roots of the first primes. */
function makeConstants(): NonNullable<typeof constants> {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (!primes.some((prime) => n % prime === 0)) primes.push(n);
  const fraction = (root: number): number => (root % 1) * 2 ** 32;
  return {
    roots: Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)) | 0),
    initial: Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)) | 0),
  };
}

function word(array: Int32Array, at: number): number {
  return array[at] as number;
}

function byteOf(array: Uint8Array, at: number): number {
  return array[at] as number;
}
