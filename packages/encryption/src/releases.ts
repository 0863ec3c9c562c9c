import { padBox, unpadBox } from './box.js';
import { decodeCbor } from './cbor/decode.js';
import { encodeCbor } from './cbor/encode.js';
import type { CborValue } from './cbor/value.js';
import type { DirectoryListKeys } from './directory.js';
import { EncryptionError } from './errors.js';
import { BLOB_REF_BYTES, type BlobRef } from './places.js';
import type { CryptoProvider } from './provider.js';
import { kdf, open, seal } from './seal.js';

/*
 * A release note says which blobs a commit stopped referring to, and when, so that they can be deleted once no
 * reader needs them. Too many for a head, they go to a sealed blob of their own, which the note then names.
 */

/** `unshared` blobs go after the readers' grace, `shared` ones only by gc, `spilled` ones hold more release notes. */
export type ReleaseKind = 'unshared' | 'shared' | 'spilled';

export interface Release {
  /** Of the commit, since 1970. */
  readonly seconds: number;
  /** 26 bytes each. */
  readonly blobs: readonly BlobRef[];
  readonly kind: ReleaseKind;
}

const KINDS: readonly ReleaseKind[] = ['unshared', 'shared', 'spilled'];
/** Of a blob of spilled release notes. */
export const MAX_RELEASES_BYTES: number = 4 * 1024 * 1024;

/** Joins items of one size into one byte string. */
export function packItems(items: readonly Uint8Array[], size: number): Uint8Array {
  const packed = new Uint8Array(items.length * size);
  items.forEach((item, i) => {
    if (item.length !== size) throw new EncryptionError('malformed', `item is not ${size} bytes`);
    packed.set(item, i * size);
  });
  return packed;
}

export function unpackItems(packed: CborValue | undefined, size: number): Uint8Array[] {
  if (!(packed instanceof Uint8Array) || packed.length % size !== 0) {
    throw new EncryptionError('malformed', `not a list of items of ${size} bytes`);
  }
  return Array.from({ length: packed.length / size }, (_, i) => packed.subarray(i * size, (i + 1) * size));
}

export function encodeReleases(releases: readonly Release[]): CborValue {
  return releases.map(({ seconds, blobs, kind }) => [
    seconds,
    packItems(blobs, BLOB_REF_BYTES),
    KINDS.indexOf(kind),
  ]);
}

export function decodeReleases(value: CborValue): Release[] {
  if (!Array.isArray(value)) throw new EncryptionError('malformed', 'release notes are not a list');
  return (value as readonly CborValue[]).map((item) => {
    const [seconds, blobs, flags] =
      Array.isArray(item) && item.length === 3 ? (item as readonly CborValue[]) : [];
    if (typeof seconds !== 'number' || seconds < 0 || typeof flags !== 'number') {
      throw new EncryptionError('malformed', 'release note has the wrong form');
    }
    const kind = KINDS[flags];
    if (kind === undefined) throw new EncryptionError('unsupported', 'unknown kind of release note');
    return { seconds, blobs: unpackItems(blobs, BLOB_REF_BYTES), kind };
  });
}

/** From the list secret, like the listing key, and not from the listing key: one key has one use. */
function releasesKey(
  p: CryptoProvider,
  { listSecret, uid, generation }: DirectoryListKeys,
  vaultId: Uint8Array,
): Uint8Array {
  return kdf(p, listSecret, 'releases', vaultId, uid, generation);
}

/** The blob of release notes that did not fit in a head. */
export function sealReleases(
  p: CryptoProvider,
  keys: DirectoryListKeys,
  vaultId: Uint8Array,
  blob: BlobRef,
  releases: readonly Release[],
): Uint8Array {
  const key = releasesKey(p, keys, vaultId);
  const bytes = seal(p, key, 'releases', vaultId, encodeCbor([blob]), padBox(encodeReleases(releases)));
  if (bytes.length > MAX_RELEASES_BYTES)
    throw new EncryptionError('limit', 'release notes are over their limit');
  return bytes;
}

/** Throws `damaged`, `malformed` or `limit`. */
export function openReleases(
  p: CryptoProvider,
  keys: DirectoryListKeys,
  vaultId: Uint8Array,
  blob: BlobRef,
  bytes: Uint8Array,
): Release[] {
  if (bytes.length > MAX_RELEASES_BYTES)
    throw new EncryptionError('limit', 'release notes are over their limit');
  const key = releasesKey(p, keys, vaultId);
  return decodeReleases(decodeCbor(unpadBox(open(p, key, 'releases', vaultId, encodeCbor([blob]), bytes))));
}
