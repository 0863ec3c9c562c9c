import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes } from '../bytes.js';
import { isAcceptableSignature } from '../ed25519-encoding.js';

const { Point } = ed25519;
const ORDER: bigint = Point.Fn.ORDER;

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  return value;
}

/**
 * Verification without the cofactor, as OpenSSL does it: R must be the encoding of S*B - k*A (RFC 8032 section 5.1.7).
 * The library's own verification multiplies by the cofactor, which accepts signatures that OpenSSL refuses.
 */
export function verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isAcceptableSignature(publicKey, signature)) return false;
  try {
    const key = Point.fromBytes(publicKey);
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    const k = littleEndian(sha512(concatBytes(r, publicKey, message))) % ORDER;
    const difference = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k));
    return equalBytes(difference.toBytes(), r);
  } catch {
    return false;
  }
}
