import { encodeCbor } from './cbor/encode.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import type { CryptoProvider } from './provider.js';

/*
 * Bytes with a signature: CBOR [body, signature]. The signature covers CBOR[domain, body], so a signed header can
 * never pass for a signed certificate.
 */

export function writeSigned(
  p: CryptoProvider,
  domain: string,
  body: Uint8Array,
  seed: Uint8Array,
): Uint8Array {
  return encodeCbor([body, p.ed25519Sign(seed, encodeCbor([domain, body]))]);
}

export interface Signed {
  /** Not to be trusted before `verify` says so. */
  readonly body: Uint8Array;
  verify(p: CryptoProvider, domain: string, publicKey: Uint8Array): boolean;
}

/** Takes a decoded pair apart. Throws `malformed`. */
export function readSigned(what: string, value: CborValue): Signed {
  const [body, signature] = Array.isArray(value) && value.length === 2 ? (value as readonly CborValue[]) : [];
  if (!(body instanceof Uint8Array) || !(signature instanceof Uint8Array) || signature.length !== 64) {
    throw new EncryptionError('malformed', `${what} is not a signed pair`);
  }
  return {
    body,
    verify: (p, domain, publicKey) => p.ed25519Verify(publicKey, encodeCbor([domain, body]), signature),
  };
}
