/**
 * Reflected CRCs as polynomials over GF(2): lookup tables for a fast loop, and the CRC of two concatenated pieces. The
 * highest bit is the coefficient of x^0. BigInt is fast enough, since nothing here runs per byte.
 * @see https://www.rfc-editor.org/rfc/rfc1952#section-8
 */

/** A CRC: its width in bits and its reflected polynomial. The register is inverted at the beginning and at the end. */
export interface Polynomial {
  readonly width: 32 | 64;
  readonly reflected: bigint;
}

/**
 * Eight tables of 256 entries, one after the other: entry `i` of table `t` is the register after byte `i` and `t` zero
 * bytes. An entry of 64 bits takes two words, the lower first.
 */
export function tablesOf({ width, reflected }: Polynomial): Int32Array {
  const words = width / 32;
  const tables = new Int32Array(8 * 256 * words);
  for (let byte = 0; byte < 256; byte++) {
    let register = BigInt(byte);
    for (let table = 0; table < 8; table++) {
      for (let bit = 0; bit < 8; bit++) register = times(register, reflected);
      for (let word = 0; word < words; word++) {
        tables[(table * 256 + byte) * words + word] = Number((register >> BigInt(32 * word)) & 0xffffffffn);
      }
    }
  }
  return tables;
}

/**
 * Returns a function that computes the CRC of two concatenated pieces from their CRCs and the length of the second in
 * bytes.
 */
export function combiner(polynomial: Polynomial): (first: bigint, second: bigint, bytes: number) => bigint {
  // All parts of an upload have the same length, so the power is kept.
  let known: { readonly bytes: number; readonly power: bigint } | undefined;
  return (first, second, bytes) => {
    if (known?.bytes !== bytes) known = { bytes, power: powerOf(polynomial, bytes) };
    return product(polynomial, first, known.power) ^ second;
  };
}

/** Multiplies by x. */
function times(value: bigint, reflected: bigint): bigint {
  return (value & 1n) === 1n ? (value >> 1n) ^ reflected : value >> 1n;
}

function product({ width, reflected }: Polynomial, a: bigint, b: bigint): bigint {
  let [result, factor] = [0n, b];
  for (let bit = 1n << BigInt(width - 1); bit > 0n; bit >>= 1n) {
    if (a & bit) result ^= factor;
    factor = times(factor, reflected);
  }
  return result;
}

/** x to the power of the number of bits. */
function powerOf(polynomial: Polynomial, bytes: number): bigint {
  let result = 1n << BigInt(polynomial.width - 1);
  let square = result >> 8n;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = product(polynomial, result, square);
    square = product(polynomial, square, square);
  }
  return result;
}
