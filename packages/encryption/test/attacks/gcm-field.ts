/** Arithmetic in GF(2^128) as GCM uses it (SP 800-38D section 6.3): the first bit of a block is the coefficient of 1. */

const REDUCTION = 0xe1n << 120n;

export function fromBlock(block: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(block).toString('hex') || '0'}`);
}

export function toBlock(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(32, '0'), 'hex'));
}

export function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = a;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((b >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ REDUCTION : shifted >> 1n;
  }
  return product;
}

/** By Fermat: a^(2^128 - 2). */
export function invert(a: bigint): bigint {
  let result = 1n << 127n;
  let square = a;
  for (let bit = 1; bit < 128; bit++) {
    square = multiply(square, square);
    result = multiply(result, square);
  }
  return result;
}
