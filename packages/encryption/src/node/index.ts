/// <reference types="node" />
import * as crypto from 'node:crypto';
import * as zlib from 'node:zlib';
import { hashRaw } from '@node-rs/argon2';
import { isAcceptableSignature, requireContributory } from '../ed25519-encoding.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider, HashName, IncrementalHash } from '../provider.js';
import { ed25519Private, ed25519Public, rawPublicKey, x25519Private, x25519Public } from './keys.js';
import { NodeRuns } from './runs.js';

const TAG_BYTES = 16;
type Cipher = 'aes-256-gcm' | 'chacha20-poly1305';

/** Newer than the type definitions, and in every Node this package supports. */
const hashOnce = (
  crypto as unknown as { hash(algorithm: string, data: Uint8Array, encoding: 'buffer'): Buffer }
).hash;
const crc32 = (zlib as unknown as { crc32(data: Uint8Array, value?: number): number }).crc32;

/** A plain array over the same memory, so that no caller meets Buffer's different `slice`. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function aeadSeal(
  name: Cipher,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  // The two names have different overloads and the same shape.
  const cipher = crypto.createCipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad, { plaintextLength: text.length });
  const body = cipher.update(text);
  cipher.final();
  const sealed = new Uint8Array(text.length + TAG_BYTES);
  sealed.set(body);
  sealed.set(cipher.getAuthTag(), text.length);
  return sealed;
}

function aeadOpen(
  name: Cipher,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  const length = sealed.length - TAG_BYTES;
  if (length < 0) throw new EncryptionError('damaged', 'ciphertext is shorter than its tag');
  const decipher = crypto.createDecipheriv(name as 'aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  const text = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch (cause) {
    throw new EncryptionError('damaged', 'ciphertext fails authentication', { cause });
  }
  return plain(text);
}

function createHash(name: HashName): IncrementalHash {
  if (name !== 'crc32') {
    const hash = crypto.createHash(name);
    return {
      update: (bytes) => {
        hash.update(bytes);
      },
      digest: () => plain(hash.digest()),
    };
  }
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value),
  };
}

const POOL_BYTES = 8 * 1024;
let pool: Buffer = Buffer.alloc(0);
let drawn = 0;

/** Asking the operating system costs the same for a salt as for a page of them; what is handed out is wiped. */
function randomBytes(length: number): Uint8Array {
  if (length > POOL_BYTES / 16) return plain(crypto.randomBytes(length));
  if (drawn + length > pool.length) {
    pool = crypto.randomBytes(POOL_BYTES);
    drawn = 0;
  }
  const bytes = new Uint8Array(pool.subarray(drawn, drawn + length));
  pool.fill(0, drawn, drawn + length);
  drawn += length;
  return bytes;
}

/** Node's own cryptography: OpenSSL, and Argon2 from Rust. */
export const nodeProvider: CryptoProvider = {
  randomBytes,

  sha256: (...parts) => {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return plain(hashOnce('sha256', only, 'buffer'));
    const hash = crypto.createHash('sha256');
    for (const part of parts) hash.update(part);
    return plain(hash.digest());
  },
  hmacSha256: (key, data) => plain(crypto.createHmac('sha256', key).update(data).digest()),
  hmacSha512: (key, data) => plain(crypto.createHmac('sha512', key).update(data).digest()),

  aesGcmSeal: (key, nonce, aad, text) => aeadSeal('aes-256-gcm', key, nonce, aad, text),
  aesGcmOpen: (key, nonce, aad, sealed) => aeadOpen('aes-256-gcm', key, nonce, aad, sealed),
  chachaSeal: (key, nonce, aad, text) => aeadSeal('chacha20-poly1305', key, nonce, aad, text),
  chachaOpen: (key, nonce, aad, sealed) => aeadOpen('chacha20-poly1305', key, nonce, aad, sealed),

  ed25519PublicKey: (seed) => rawPublicKey(ed25519Private(seed)),
  ed25519Sign: (seed, message) => plain(crypto.sign(null, message, ed25519Private(seed))),
  ed25519Verify: (publicKey, message, signature) => {
    if (!isAcceptableSignature(publicKey, signature)) return false;
    try {
      return crypto.verify(null, message, ed25519Public(publicKey), signature);
    } catch {
      return false;
    }
  },

  x25519PublicKey: (secret) => rawPublicKey(x25519Private(secret)),
  x25519: (secret, publicKey) => {
    const keys = { privateKey: x25519Private(secret), publicKey: x25519Public(publicKey) };
    let shared: Buffer;
    try {
      shared = crypto.diffieHellman(keys);
    } catch (cause) {
      // OpenSSL itself refuses an all-zero result.
      throw new EncryptionError('damaged', 'x25519 public key of small order', { cause });
    }
    return requireContributory(plain(shared));
  },

  argon2id: async (passphrase, salt, { memoryKiB, passes, lanes }) =>
    plain(
      await hashRaw(passphrase, {
        algorithm: 2,
        version: 1,
        salt,
        memoryCost: memoryKiB,
        timeCost: passes,
        parallelism: lanes,
        outputLen: 32,
      }),
    ),

  createHash,

  runs: new NodeRuns(() => nodeProvider),
};
