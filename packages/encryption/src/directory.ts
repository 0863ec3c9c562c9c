import { base32Encode } from './base32.js';
import type { CryptoProvider } from './provider.js';
import { kdf } from './seal.js';

/*
 * A directory is a random secret, and from it come its place in the store and its keys. Whoever holds the read
 * secret R opens the subtree; the list secret L = kdf(R, "list") finds and lists it but opens no content; neither
 * says anything about other directories, whose secrets are drawn independently.
 */

/** A directory as a holder of its read secret knows it. */
export interface DirectoryIdentity {
  /** 16 bytes, stable for ever. */
  readonly uid: Uint8Array;
  /** Key generation; rises at a re-key. */
  readonly generation: number;
  /** R, 32 bytes. */
  readonly readSecret: Uint8Array;
}

/** A directory as a holder of its list secret alone knows it. */
export interface DirectoryListIdentity {
  readonly uid: Uint8Array;
  readonly generation: number;
  /** L, 32 bytes. */
  readonly listSecret: Uint8Array;
}

export interface DirectoryListKeys extends DirectoryListIdentity {
  /** 32 characters of base32: the head is at `h/<place>`. */
  readonly place: string;
  readonly listingKey: Uint8Array;
}

export interface DirectoryKeys extends DirectoryIdentity, DirectoryListKeys {
  readonly contentKey: Uint8Array;
}

const PLACE_BYTES = 20;

export function newDirectory(p: CryptoProvider): DirectoryIdentity {
  return { uid: p.randomBytes(16), generation: 0, readSecret: p.randomBytes(32) };
}

export function newLinkId(p: CryptoProvider): Uint8Array {
  return p.randomBytes(16);
}

export function deriveListKeys(
  p: CryptoProvider,
  vaultId: Uint8Array,
  { uid, generation, listSecret }: DirectoryListIdentity,
): DirectoryListKeys {
  const place = kdf(p, listSecret, 'place', vaultId, uid, generation).subarray(0, PLACE_BYTES);
  const listingKey = kdf(p, listSecret, 'listing', vaultId, uid, generation);
  return { uid, generation, listSecret, place: base32Encode(place), listingKey };
}

/** L, which a directory's record carries in its listing half. */
export function deriveListSecret(p: CryptoProvider, vaultId: Uint8Array, readSecret: Uint8Array): Uint8Array {
  return kdf(p, readSecret, 'list', vaultId);
}

export function deriveDirectory(
  p: CryptoProvider,
  vaultId: Uint8Array,
  { uid, generation, readSecret }: DirectoryIdentity,
): DirectoryKeys {
  const listSecret = deriveListSecret(p, vaultId, readSecret);
  const contentKey = kdf(p, readSecret, 'content', vaultId, uid, generation);
  return { ...deriveListKeys(p, vaultId, { uid, generation, listSecret }), readSecret, contentKey };
}
