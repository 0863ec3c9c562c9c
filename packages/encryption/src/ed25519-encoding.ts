import { EncryptionError } from './errors.js';

/*
 * What makes Ed25519 verification strict and the same in every implementation.
 *
 * RFC 8032 leaves room: implementations differ on non-canonical encodings, on points of small order and on the
 * cofactor, so a crafted signature can be valid for one reader and invalid for another, and a key of small order
 * verifies signatures on messages nobody signed. The checks below remove that room before the group equation is
 * evaluated (C. Cremers et al., "Provably secure Ed25519", and libsodium's checks).
 */

/** y coordinates of the points of small order, little-endian, sign bit cleared. The other four are not canonical. */
const SMALL_ORDER: readonly string[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];
const SMALL_ORDER_BYTES: readonly Uint8Array[] = SMALL_ORDER.map((hex) =>
  Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)),
);

/** 2^255 - 19 and the group order, little-endian. */
const FIELD: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) =>
  i === 0 ? 0xed : i === 31 ? 0x7f : 0xff,
);
const ORDER: Uint8Array = new Uint8Array(32);
ORDER.set([0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14]);
ORDER[31] = 0x10;

function below(value: Uint8Array, limit: Uint8Array, topMask: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const digit = (value[i] as number) & (i === 31 ? topMask : 0xff);
    const bound = limit[i] as number;
    if (digit !== bound) return digit < bound;
  }
  return false;
}

function isSmallOrder(point: Uint8Array): boolean {
  return SMALL_ORDER_BYTES.some((bad) => {
    for (let i = 0; i < 31; i++) if (point[i] !== bad[i]) return false;
    return ((point[31] as number) & 0x7f) === bad[31];
  });
}

/** Whether a 32-byte point encoding is canonical and not of small order. It may still be no point at all. */
export function isAcceptablePoint(point: Uint8Array): boolean {
  return point.length === 32 && below(point, FIELD, 0x7f) && !isSmallOrder(point);
}

/** Whether key and signature may be handed to the group equation at all. All inputs are public. */
export function isAcceptableSignature(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    isAcceptablePoint(publicKey) &&
    isAcceptablePoint(signature.subarray(0, 32)) &&
    below(signature.subarray(32), ORDER, 0xff)
  );
}

/** Throws `damaged` when an X25519 result is all zero, that is, when the public key was of small order. */
export function requireContributory(shared: Uint8Array): Uint8Array {
  let bits = 0;
  for (const byte of shared) bits |= byte;
  if (bits === 0) throw new EncryptionError('damaged', 'x25519 public key of small order');
  return shared;
}
