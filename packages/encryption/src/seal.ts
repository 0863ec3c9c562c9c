/*
 * How keys are derived and how small secrets and boxes are sealed.
 *
 * `kdf` turns one uniform 32-byte key into independent ones by label: HKDF-Expand (RFC 5869 section 2.3) with one
 * block. There is no extract step because every input key is already uniform. Suite, label and vault id are part of
 * every derivation, so no key serves two purposes or two vaults.
 *
 * `seal` encrypts for whoever holds `key`, against a store that reads, mixes and invents boxes. Each call draws a
 * fresh 32-byte salt and derives from it a one-time cipher key, so the constant nonce never repeats under a key
 * whatever crashes, forks or retries. The other half of the derivation is a commitment that is stored and compared
 * first: ChaCha20-Poly1305 alone lets an attacker craft one box that opens under two keys, HMAC-SHA-512 does not.
 * Label and vault id are in the derivation and `ad` in the tag, so a box opens only in the place it was made for.
 */

import { equalBytes } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import type { CryptoProvider } from './provider.js';

const SALT_BYTES = 32;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const HEAD_BYTES = 64;

/** What a sealed box is longer than its plaintext, in bytes: salt 32, commitment 32, tag 16. */
export const SEAL_OVERHEAD: number = HEAD_BYTES + TAG_BYTES;

/** The nonce of every box; see above why it may be constant. */
const NONCE = new Uint8Array(12);

/** HKDF-Expand-SHA-256(key, CBOR["latchkey/1", label, vault id, ...context], 32). `key` is uniform, 32 bytes. */
export function kdf(
  p: CryptoProvider,
  key: Uint8Array,
  label: string,
  vaultId: Uint8Array,
  ...context: readonly CborValue[]
): Uint8Array {
  const info = encodeCbor(['latchkey/1', label, vaultId, ...context]);
  const block = new Uint8Array(info.length + 1);
  block.set(info);
  block[info.length] = 1;
  return p.hmacSha256(key, block);
}

function boxKeys(
  p: CryptoProvider,
  key: Uint8Array,
  label: string,
  vaultId: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  return p.hmacSha512(key, encodeCbor(['latchkey/1/seal', label, vaultId, salt]));
}

/** salt(32) || commitment(32) || ChaCha20-Poly1305 of `plaintext` under `ad`. `key` is uniform, 32 bytes. */
export function seal(
  p: CryptoProvider,
  key: Uint8Array,
  label: string,
  vaultId: Uint8Array,
  ad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const salt = p.randomBytes(SALT_BYTES);
  const keys = boxKeys(p, key, label, vaultId, salt);
  const box = new Uint8Array(SEAL_OVERHEAD + plaintext.length);
  box.set(salt);
  box.set(keys.subarray(KEY_BYTES), SALT_BYTES);
  box.set(p.chachaSeal(keys.subarray(0, KEY_BYTES), NONCE, ad, plaintext), HEAD_BYTES);
  return box;
}

/** The plaintext of a box, or `damaged`, with one message whichever check failed. */
export function open(
  p: CryptoProvider,
  key: Uint8Array,
  label: string,
  vaultId: Uint8Array,
  ad: Uint8Array,
  box: Uint8Array,
): Uint8Array {
  if (box.length >= SEAL_OVERHEAD) {
    const keys = boxKeys(p, key, label, vaultId, box.subarray(0, SALT_BYTES));
    if (equalBytes(keys.subarray(KEY_BYTES), box.subarray(SALT_BYTES, HEAD_BYTES))) {
      try {
        return p.chachaOpen(keys.subarray(0, KEY_BYTES), NONCE, ad, box.subarray(HEAD_BYTES));
      } catch (cause) {
        if (!(cause instanceof EncryptionError)) throw cause;
      }
    }
  }
  throw new EncryptionError('damaged', `sealed box "${label}" does not open`);
}
