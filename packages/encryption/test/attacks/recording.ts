import type { CryptoProvider } from '../../src/provider.js';
import { toHex } from '../bytes.js';

export interface KeyUse {
  readonly algorithm: string;
  readonly key: string;
  /** Of an encryption; empty otherwise. */
  readonly nonce: string;
}

/** A provider that notes every secret key it is given, by which algorithm and with which nonce. */
export function recording(p: CryptoProvider): { provider: CryptoProvider; uses: KeyUse[] } {
  const uses: KeyUse[] = [];
  const note = (algorithm: string, key: Uint8Array, nonce: Uint8Array = new Uint8Array(0)): void => {
    uses.push({ algorithm, key: toHex(key), nonce: toHex(nonce) });
  };
  const provider: CryptoProvider = {
    ...p,
    hmacSha256: (key, data) => {
      note('hmac-sha-256', key);
      return p.hmacSha256(key, data);
    },
    hmacSha512: (key, data) => {
      note('hmac-sha-512', key);
      return p.hmacSha512(key, data);
    },
    aesGcmSeal: (key, nonce, aad, text) => {
      note('aes-256-gcm', key, nonce);
      return p.aesGcmSeal(key, nonce, aad, text);
    },
    chachaSeal: (key, nonce, aad, text) => {
      note('chacha20-poly1305', key, nonce);
      return p.chachaSeal(key, nonce, aad, text);
    },
    ed25519Sign: (seed, message) => {
      note('ed25519', seed);
      return p.ed25519Sign(seed, message);
    },
    x25519: (secret, publicKey) => {
      note('x25519', secret);
      return p.x25519(secret, publicKey);
    },
  };
  return { provider, uses };
}
