/*
 * A segment is a stretch of content, encrypted under a random key of its own that is used for one attempt at writing
 * it. It follows STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): chunk i has nonce i with a flag on the last one,
 * so chunks cannot be dropped, repeated, swapped or cut off behind. The cipher key comes from the segment key and a
 * fresh salt; the same derivation yields a commitment, kept in the header and compared first, because AES-GCM alone
 * lets an attacker make one ciphertext that opens under two keys. The header is the associated data of every chunk.
 * One segment has at most 1,024 chunks, far below GCM's limits of 2^32 messages and 64 GiB a message (SP 800-38D).
 */

import { asciiBytes, equalBytes } from '../bytes.js';
import { encodeCbor } from '../cbor/encode.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import { SEGMENT_HEADER_BYTES } from './layout.js';

const MAGIC = asciiBytes('LKSEG1\0\0');
const SUITE = 1;
const CHUNK_EXPONENT = 16;
const SALT_AT = 16;
const COMMITMENT_AT = 48;

function derive(p: CryptoProvider, vaultId: Uint8Array, key: Uint8Array, salt: Uint8Array): Uint8Array {
  return p.hmacSha512(key, encodeCbor(['latchkey/1/segment', vaultId, salt]));
}

/** A new header, with a fresh salt, and the AES key that belongs to it. */
export function makeHeader(
  p: CryptoProvider,
  vaultId: Uint8Array,
  key: Uint8Array,
): { header: Uint8Array; cipherKey: Uint8Array } {
  const salt = p.randomBytes(32);
  const derived = derive(p, vaultId, key, salt);
  const header = new Uint8Array(SEGMENT_HEADER_BYTES);
  header.set(MAGIC);
  header[8] = SUITE;
  header[9] = CHUNK_EXPONENT;
  header.set(salt, SALT_AT);
  header.set(derived.subarray(32), COMMITMENT_AT);
  return { header, cipherKey: derived.subarray(0, 32) };
}

/** Throws `malformed` or `unsupported` unless these are the fixed fields of a header of format 1. */
export function checkHeader(header: Uint8Array): void {
  if (header.length !== SEGMENT_HEADER_BYTES)
    throw new EncryptionError('malformed', 'segment header is cut short');
  if (!equalBytes(header.subarray(0, 8), MAGIC) || header[8] !== SUITE || header[9] !== CHUNK_EXPONENT) {
    throw new EncryptionError('unsupported', 'segment is of another kind, version or suite');
  }
  if (header.subarray(10, SALT_AT).some((byte) => byte !== 0)) {
    throw new EncryptionError('malformed', 'segment header has bits in its reserved bytes');
  }
}

/** The AES key, or `damaged` when the header does not commit to this segment key in this vault. */
export function openHeader(
  p: CryptoProvider,
  vaultId: Uint8Array,
  key: Uint8Array,
  header: Uint8Array,
): Uint8Array {
  checkHeader(header);
  const derived = derive(p, vaultId, key, header.subarray(SALT_AT, COMMITMENT_AT));
  if (!equalBytes(derived.subarray(32), header.subarray(COMMITMENT_AT))) {
    throw new EncryptionError('damaged', 'segment is sealed under another key');
  }
  return derived.subarray(0, 32);
}

/** Sets `nonce` (12 bytes) to an 11-byte big-endian counter and the flag of the last chunk. */
export function setNonce(nonce: Uint8Array, index: number, last: boolean): void {
  // Indexes stay below 2^10, so two bytes of the counter are always enough.
  nonce[9] = index >>> 8;
  nonce[10] = index;
  nonce[11] = last ? 1 : 0;
}
