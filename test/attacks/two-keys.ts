/**
 * Ciphertexts that are authentic under two keys at once: the known weakness of AES-GCM (Dodis, Grubbs, Ristenpart and
 * Woodage 2018) and of ChaCha20-Poly1305 (Len, Grubbs and Ristenpart 2021). Both tags are polynomials in a key, so one
 * block of ciphertext can be chosen so that two of them agree.
 */
import { createCipheriv } from 'node:crypto';

const BLOCK = 16;

/** Multiplication in GF(2^128) as GCM has it (SP 800-38D, section 6.3): bit 0 is the most significant. */
function times(x: bigint, y: bigint): bigint {
  let product = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= v;
    v = v & 1n ? (v >> 1n) ^ (0xe1n << 120n) : v >> 1n;
  }
  return product;
}

const ONE = 1n << 127n;

function power(x: bigint, exponent: bigint): bigint {
  let result = ONE;
  for (let base = x, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = times(result, base);
    base = times(base, base);
  }
  return result;
}

/** x^(2^128 - 2). */
const inverse = (x: bigint): bigint => power(x, (1n << 128n) - 2n);

const toBig = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
const fromBig = (value: bigint, length = BLOCK): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');

function aesBlock(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return cipher.update(block);
}

function blocksOf(bytes: Uint8Array): bigint[] {
  return Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, index) => {
    const block = Buffer.alloc(BLOCK);
    block.set(bytes.subarray(index * BLOCK, (index + 1) * BLOCK));
    return toBig(block);
  });
}

/** Ciphertext and tag of `blocks` times 16 bytes that AES-256-GCM opens under both keys. */
export function gcmUnderTwoKeys(
  keys: readonly [Uint8Array, Uint8Array],
  nonce: Uint8Array,
  aad: Uint8Array,
  blocks: number,
): Uint8Array {
  const lengths = (BigInt(aad.length * 8) << 64n) | BigInt(blocks * BLOCK * 8);
  const ciphertext = new Array<bigint>(blocks).fill(0x6c6174636b6579n);
  const first = Buffer.concat([nonce, Buffer.from([0, 0, 0, 1])]);
  const [one, two] = keys.map((key) => ({
    h: toBig(aesBlock(key, Buffer.alloc(BLOCK))),
    mask: toBig(aesBlock(key, first)),
  })) as [{ h: bigint; mask: bigint }, { h: bigint; mask: bigint }];
  const ghash = (h: bigint): bigint =>
    [...blocksOf(aad), ...ciphertext, lengths].reduce((sum, block) => times(sum ^ block, h), 0n);
  // The last block stands before the lengths, so it counts h squared times.
  ciphertext[blocks - 1] = 0n;
  const difference = ghash(one.h) ^ one.mask ^ ghash(two.h) ^ two.mask;
  ciphertext[blocks - 1] = times(difference, inverse(times(one.h, one.h) ^ times(two.h, two.h)));
  const tag = ghash(one.h) ^ one.mask;
  return Buffer.concat([...ciphertext.map((block) => fromBig(block)), fromBig(tag)]);
}

const P = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;
const little = (bytes: Uint8Array): bigint => toBig(Buffer.from(bytes).reverse());

function modular(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % P, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * b) % P;
    b = (b * b) % P;
  }
  return result;
}

/** The one-time key of RFC 8439, section 2.6: the first 32 bytes of block 0. */
function oneTimeKey(key: Uint8Array, nonce: Uint8Array): { r: bigint; s: bigint } {
  const stream = createCipheriv('chacha20', key, Buffer.concat([Buffer.alloc(4), nonce])).update(
    Buffer.alloc(32),
  );
  return { r: little(stream.subarray(0, 16)) & CLAMP, s: little(stream.subarray(16)) };
}

/** 32 bytes of ciphertext and a tag that ChaCha20-Poly1305 opens under both keys. */
export function chachaUnderTwoKeys(
  keys: readonly [Uint8Array, Uint8Array],
  nonce: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const [one, two] = keys.map((key) => oneTimeKey(key, nonce)) as [
    { r: bigint; s: bigint },
    { r: bigint; s: bigint },
  ];
  const lengths = Buffer.alloc(BLOCK);
  lengths.writeBigUInt64LE(BigInt(aad.length), 0);
  lengths.writeBigUInt64LE(32n, 8);
  const padded = Buffer.alloc(Math.ceil(aad.length / BLOCK) * BLOCK);
  padded.set(aad);
  const marked = (block: Uint8Array): bigint => little(block) + (1n << 128n);
  const polynomial = (r: bigint, body: Uint8Array): bigint => {
    const message = Buffer.concat([padded, body, lengths]);
    let sum = 0n;
    for (let at = 0; at < message.length; at += BLOCK)
      sum = ((sum + marked(message.subarray(at, at + BLOCK))) * r) % P;
    return sum;
  };
  // The block that is chosen stands before the lengths; it fits into 128 bits once in four tries.
  const factor = (((one.r * one.r - two.r * two.r) % P) + P) % P;
  const body = Buffer.alloc(32);
  for (let attempt = 1; attempt < 10_000; attempt++) {
    body.fill(0);
    body.writeUInt32LE(attempt, 0);
    const wanted = two.s - one.s;
    const have = polynomial(one.r, body) - polynomial(two.r, body);
    const block = ((((wanted - have) % P) + P) * modular(factor, P - 2n)) % P;
    if (block >= 1n << 128n) continue;
    body.set(fromBig(block).reverse(), BLOCK);
    const tag = (polynomial(one.r, body) + one.s) % (1n << 128n);
    if (tag === (polynomial(two.r, body) + two.s) % (1n << 128n)) {
      return Buffer.concat([body, fromBig(tag).reverse()]);
    }
  }
  throw new Error('no block was found that fits both keys');
}
