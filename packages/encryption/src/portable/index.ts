import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { randomBytes } from '@noble/hashes/utils.js';
import { argon2id } from 'hash-wasm';
import { requireContributory } from '../ed25519-encoding.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider, HashName, IncrementalHash } from '../provider.js';
import { createCrc32 } from './crc32.js';
import { verifyStrict } from './ed25519.js';

interface Aead {
  decrypt(sealed: Uint8Array): Uint8Array;
}

function aeadOpen(cipher: Aead, sealed: Uint8Array): Uint8Array {
  if (sealed.length < 16) throw new EncryptionError('damaged', 'ciphertext is shorter than its tag');
  try {
    return cipher.decrypt(sealed);
  } catch (cause) {
    throw new EncryptionError('damaged', 'ciphertext fails authentication', { cause });
  }
}

const HASHES = { md5, sha1, sha256 } as const;

function createHash(name: HashName): IncrementalHash {
  if (name === 'crc32') return createCrc32();
  const hash = HASHES[name].create();
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: () => hash.digest(),
  };
}

/** Cryptography in JavaScript and WebAssembly, for browsers and as the reference the native provider must equal. */
export const portableProvider: CryptoProvider = {
  randomBytes: (length) => randomBytes(length),

  sha256: (...parts) => {
    const hash = sha256.create();
    for (const part of parts) hash.update(part);
    return hash.digest();
  },
  hmacSha256: (key, data) => hmac(sha256, key, data),
  hmacSha512: (key, data) => hmac(sha512, key, data),

  aesGcmSeal: (key, nonce, aad, text) => gcm(key, nonce, aad).encrypt(text),
  aesGcmOpen: (key, nonce, aad, sealed) => aeadOpen(gcm(key, nonce, aad), sealed),
  chachaSeal: (key, nonce, aad, text) => chacha20poly1305(key, nonce, aad).encrypt(text),
  chachaOpen: (key, nonce, aad, sealed) => aeadOpen(chacha20poly1305(key, nonce, aad), sealed),

  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Verify: verifyStrict,

  x25519PublicKey: (secret) => x25519.getPublicKey(secret),
  x25519: (secret, publicKey) => {
    let shared: Uint8Array;
    try {
      shared = x25519.getSharedSecret(secret, publicKey);
    } catch (cause) {
      throw new EncryptionError('damaged', 'x25519 public key of small order', { cause });
    }
    return requireContributory(shared);
  },

  argon2id: (passphrase, salt, { memoryKiB, passes, lanes }) =>
    argon2id({
      password: passphrase,
      salt,
      memorySize: memoryKiB,
      iterations: passes,
      parallelism: lanes,
      hashLength: 32,
      outputType: 'binary',
    }),

  createHash,
};
