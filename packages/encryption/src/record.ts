/*
 * A record is one name in a directory. Its author signs the place (vault, directory, key) and the digests of both
 * halves, so that neither the store nor somebody who may only read can make, change, move or mix records: they hold
 * the keys that open boxes but not the seed that signs. The signature covers tree roots and so all content.
 *
 * Verifying Ed25519 costs about 130 microseconds. The author's own clients skip it by the self-tag, an HMAC over the
 * same message under a key that only the author derives. An absent or wrong tag is no error, it only means: verify.
 */

import { equalBytes } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import { EncryptionError } from './errors.js';
import { decodeListing, type ListingFields } from './listing.js';
import type { CryptoProvider } from './provider.js';

/** The half of a record that a listing needs. */
export interface ListedRecord {
  /** The name, with `/` behind it for a directory. */
  readonly key: string;
  /** Encoded {@link ListingFields}; empty in a tombstone. */
  readonly listing: Uint8Array;
}

export interface SealedRecord extends ListedRecord {
  /** Encoded ContentFields; empty in a tombstone. */
  readonly content: Uint8Array;
  /** Ed25519 signature 64 || self-tag 16; empty in a tombstone. */
  readonly signature: Uint8Array;
}

/** What it takes to check an author's records. */
export interface RecordVerifier {
  /** 16 bytes. */
  readonly vaultId: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 16 bytes. */
  readonly certificateId: Uint8Array;
  /** 32 bytes, known to the author only. */
  readonly selfTagKey?: Uint8Array;
}

export interface Author extends RecordVerifier {
  /** Ed25519, 32 bytes. */
  readonly seed: Uint8Array;
  readonly selfTagKey: Uint8Array;
}

const SIGNATURE_BYTES = 64;
const SELF_TAG_BYTES = 16;
/** Of a record's signature and self-tag together. */
export const RECORD_SIGNATURE_BYTES: number = SIGNATURE_BYTES + SELF_TAG_BYTES;

/** A record that says, in a head's changes, that the name is gone from the pages. */
export function tombstone(key: string): SealedRecord {
  const empty = new Uint8Array(0);
  return { key, listing: empty, content: empty, signature: empty };
}

export function isTombstone(record: ListedRecord): boolean {
  return record.listing.length === 0;
}

function message(
  p: CryptoProvider,
  vaultId: Uint8Array,
  directoryUid: Uint8Array,
  key: string,
  listing: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  return encodeCbor(['latchkey/1/record', vaultId, directoryUid, key, p.sha256(listing), p.sha256(content)]);
}

/** The signature and self-tag of a record, 80 bytes. */
export function signRecord(
  p: CryptoProvider,
  author: Author,
  directoryUid: Uint8Array,
  key: string,
  listing: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  const signed = message(p, author.vaultId, directoryUid, key, listing, content);
  const signature = new Uint8Array(RECORD_SIGNATURE_BYTES);
  signature.set(p.ed25519Sign(author.seed, signed));
  signature.set(p.hmacSha256(author.selfTagKey, signed).subarray(0, SELF_TAG_BYTES), SIGNATURE_BYTES);
  return signature;
}

/**
 * The listing of a record that this author wrote in this directory. Throws `damaged` when they did not, and what
 * {@link decodeListing} throws. Tombstones are no records and have no signature.
 */
export function verifyRecord(
  p: CryptoProvider,
  verifier: RecordVerifier,
  directoryUid: Uint8Array,
  { key, listing, content, signature }: SealedRecord,
): ListingFields {
  if (signature.length === RECORD_SIGNATURE_BYTES) {
    const fields = decodeListing(listing);
    if (equalBytes(fields.certificateId, verifier.certificateId)) {
      const signed = message(p, verifier.vaultId, directoryUid, key, listing, content);
      if (hasSelfTag(p, verifier, signed, signature)) return fields;
      if (p.ed25519Verify(verifier.publicKey, signed, signature.subarray(0, SIGNATURE_BYTES))) return fields;
    }
  }
  throw new EncryptionError('damaged', 'record is not signed by its author');
}

function hasSelfTag(
  p: CryptoProvider,
  { selfTagKey }: RecordVerifier,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (selfTagKey === undefined) return false;
  const tag = p.hmacSha256(selfTagKey, signed).subarray(0, SELF_TAG_BYTES);
  return equalBytes(tag, signature.subarray(SIGNATURE_BYTES));
}
