/// <reference types="node" />
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { concatBytes } from '../bytes.js';

/*
 * Node takes keys as objects, and making one from raw bytes costs more than a signature. A gateway uses few keys
 * again and again, so the last ones stay imported.
 */

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** DER prefixes of RFC 8410: everything but the 32 bytes of the key. */
const ED25519_PRIVATE = hexBytes('302e020100300506032b657004220420');
const ED25519_PUBLIC = hexBytes('302a300506032b6570032100');
const X25519_PRIVATE = hexBytes('302e020100300506032b656e04220420');
const X25519_PUBLIC = hexBytes('302a300506032b656e032100');

/** Entries of each cache. */
const CACHE_SIZE = 128;

function requireKeyLength(key: Uint8Array): void {
  if (key.length !== 32) throw new RangeError('key is not 32 bytes');
}

function importPrivate(prefix: Uint8Array, key: Uint8Array): KeyObject {
  requireKeyLength(key);
  return createPrivateKey({ key: Buffer.from(concatBytes(prefix, key)), format: 'der', type: 'pkcs8' });
}

function importPublic(prefix: Uint8Array, key: Uint8Array): KeyObject {
  requireKeyLength(key);
  return createPublicKey({ key: Buffer.from(concatBytes(prefix, key)), format: 'der', type: 'spki' });
}

/** Keeps the results of the most recently used keys. */
function cached(make: (key: Uint8Array) => KeyObject): (key: Uint8Array) => KeyObject {
  const known = new Map<string, KeyObject>();
  return (key) => {
    const id = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
    const made = known.get(id) ?? make(key);
    known.delete(id);
    known.set(id, made);
    if (known.size > CACHE_SIZE) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    return made;
  };
}

export const ed25519Private: (seed: Uint8Array) => KeyObject = cached((seed) =>
  importPrivate(ED25519_PRIVATE, seed),
);
export const ed25519Public: (key: Uint8Array) => KeyObject = cached((key) =>
  importPublic(ED25519_PUBLIC, key),
);

/** Exchange keys are mostly used once, so they are not kept. */
export const x25519Private = (secret: Uint8Array): KeyObject => importPrivate(X25519_PRIVATE, secret);
export const x25519Public = (key: Uint8Array): KeyObject => importPublic(X25519_PUBLIC, key);

/** The 32 bytes of the public key that belongs to `key`. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
}
