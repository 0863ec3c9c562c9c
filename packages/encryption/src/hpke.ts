/*
 * HPKE (RFC 9180) in base mode, single shot, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305:
 * encrypts to a public key for whoever holds the secret, without saying who encrypted. What is sealed this way is
 * therefore not authenticated by itself; the signature of a head covers the box. Each call draws a fresh ephemeral
 * key, so the derived key and nonce are used once.
 */

import { asciiBytes, concatBytes } from './bytes.js';
import { EncryptionError } from './errors.js';
import type { CryptoProvider } from './provider.js';

/** Identifiers of RFC 9180 section 7: KEM 0x0020, KDF 0x0001, AEAD 0x0003. */
export const HPKE_KEM_ID: number = 0x20;
const KEM_SUITE: Uint8Array = concatBytes(asciiBytes('KEM'), Uint8Array.of(0, 0x20));
const HPKE_SUITE: Uint8Array = concatBytes(asciiBytes('HPKE'), Uint8Array.of(0, 0x20, 0, 1, 0, 3));
const VERSION: Uint8Array = asciiBytes('HPKE-v1');
const EMPTY: Uint8Array = new Uint8Array(0);

export interface HpkeMessage {
  /** Ephemeral public key, 32 bytes. */
  readonly enc: Uint8Array;
  /** Ciphertext and tag. */
  readonly ct: Uint8Array;
}

function labeledExtract(
  p: CryptoProvider,
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  ikm: Uint8Array,
): Uint8Array {
  return p.hmacSha256(salt, concatBytes(VERSION, suite, asciiBytes(label), ikm));
}

/** `length` is at most 32, which is one block of HKDF-Expand. */
function labeledExpand(
  p: CryptoProvider,
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = concatBytes(Uint8Array.of(0, length), VERSION, suite, asciiBytes(label), info);
  return p.hmacSha256(prk, concatBytes(labeled, Uint8Array.of(1))).subarray(0, length);
}

/** Section 4.1: the KEM's shared secret from a Diffie-Hellman result and both public keys. */
function sharedSecret(p: CryptoProvider, dh: Uint8Array, enc: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const prk = labeledExtract(p, KEM_SUITE, EMPTY, 'eae_prk', dh);
  return labeledExpand(p, KEM_SUITE, prk, 'shared_secret', concatBytes(enc, publicKey), 32);
}

/** Section 5.1, mode_base with empty psk: the key and the nonce of sequence number 0. */
function schedule(
  p: CryptoProvider,
  shared: Uint8Array,
  info: Uint8Array,
): { key: Uint8Array; nonce: Uint8Array } {
  const context = concatBytes(
    Uint8Array.of(0),
    labeledExtract(p, HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(p, HPKE_SUITE, EMPTY, 'info_hash', info),
  );
  const secret = labeledExtract(p, HPKE_SUITE, shared, 'secret', EMPTY);
  return {
    key: labeledExpand(p, HPKE_SUITE, secret, 'key', context, 32),
    nonce: labeledExpand(p, HPKE_SUITE, secret, 'base_nonce', context, 12),
  };
}

/** Throws `damaged` when the recipient's key is of small order. */
export function hpkeSeal(
  p: CryptoProvider,
  recipient: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): HpkeMessage {
  const ephemeral = p.randomBytes(32);
  const enc = p.x25519PublicKey(ephemeral);
  const shared = sharedSecret(p, p.x25519(ephemeral, recipient), enc, recipient);
  const { key, nonce } = schedule(p, shared, info);
  return { enc, ct: p.chachaSeal(key, nonce, aad, plaintext) };
}

/** Throws `damaged` unless the message was sealed to this secret's public key, info and aad. */
export function hpkeOpen(
  p: CryptoProvider,
  secret: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  { enc, ct }: HpkeMessage,
): Uint8Array {
  if (enc.length !== 32) throw new EncryptionError('malformed', 'ephemeral key is not 32 bytes');
  const shared = sharedSecret(p, p.x25519(secret, enc), enc, p.x25519PublicKey(secret));
  const { key, nonce } = schedule(p, shared, info);
  return p.chachaOpen(key, nonce, aad, ct);
}
