/*
 * Heads and pages are two sealed boxes behind one another: the listing box under the list secret's key and the
 * content box under the read secret's, so that who holds the list secret lists and cannot read. Lengths are rounded
 * up to 256 bytes before sealing, so that the store does not see the length of a name.
 */

import { concatBytes, equalBytes, readU32, writeU32 } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';

const PADDING_BYTES = 256;
const MAGIC_BYTES = 8;
const HEAD_BYTES = MAGIC_BYTES + 12;
/** An escrow box holds a name of at most 1 KiB and about 150 bytes more. */
const MAX_ESCROW_BYTES = 2048;

/** u32be length || CBOR || zeros, a multiple of 256 bytes. */
export function padBox(value: CborValue): Uint8Array {
  const cbor = encodeCbor(value);
  const padded = new Uint8Array(Math.ceil((cbor.length + 4) / PADDING_BYTES) * PADDING_BYTES);
  writeU32(padded, 0, cbor.length);
  padded.set(cbor, 4);
  return padded;
}

/** The CBOR in a padded box. Throws `malformed` unless the padding is the one that {@link padBox} makes. */
export function unpadBox(padded: Uint8Array): Uint8Array {
  if (padded.length >= PADDING_BYTES && padded.length % PADDING_BYTES === 0) {
    const end = readU32(padded, 0) + 4;
    if (end <= padded.length && padded.length - end < PADDING_BYTES) {
      if (padded.subarray(end).every((byte) => byte === 0)) return padded.subarray(4, end);
    }
  }
  throw new EncryptionError('malformed', 'sealed box has the wrong padding');
}

export interface Envelope {
  readonly listingBox: Uint8Array;
  readonly contentBox: Uint8Array;
  /** Sealed escrow box of the directory. */
  readonly escrow: Uint8Array;
  /** What follows the boxes. */
  readonly signature: Uint8Array;
}

/** magic(8) || u32be lengths of the three boxes || the boxes || signature. */
export function writeEnvelope(magic: Uint8Array, envelope: Envelope, maxBytes: number): Uint8Array {
  const { listingBox, contentBox, escrow, signature } = envelope;
  if (escrow.length > MAX_ESCROW_BYTES) throw new EncryptionError('limit', 'escrow box is over its limit');
  const head = new Uint8Array(HEAD_BYTES);
  head.set(magic);
  writeU32(head, MAGIC_BYTES, listingBox.length);
  writeU32(head, MAGIC_BYTES + 4, contentBox.length);
  writeU32(head, MAGIC_BYTES + 8, escrow.length);
  const bytes = concatBytes(head, listingBox, contentBox, escrow, signature);
  if (bytes.length > maxBytes) throw new EncryptionError('limit', 'object is over its limit');
  return bytes;
}

/** The parts as views of `bytes`, every length checked. Nothing is authenticated yet. */
export function readEnvelope(
  magic: Uint8Array,
  bytes: Uint8Array,
  signatureBytes: number,
  maxBytes: number,
): Envelope {
  if (bytes.length > maxBytes) throw new EncryptionError('limit', 'object is over its limit');
  if (bytes.length < HEAD_BYTES) throw new EncryptionError('malformed', 'object is cut short');
  if (!equalBytes(bytes.subarray(0, MAGIC_BYTES), magic)) {
    throw new EncryptionError('unsupported', 'object is of another kind or version');
  }
  const listingEnd = HEAD_BYTES + readU32(bytes, MAGIC_BYTES);
  const contentEnd = listingEnd + readU32(bytes, MAGIC_BYTES + 4);
  const escrowLength = readU32(bytes, MAGIC_BYTES + 8);
  const escrowEnd = contentEnd + escrowLength;
  if (escrowEnd + signatureBytes !== bytes.length)
    throw new EncryptionError('malformed', 'object has wrong lengths');
  if (escrowLength > MAX_ESCROW_BYTES) throw new EncryptionError('limit', 'escrow box is over its limit');
  return {
    listingBox: bytes.subarray(HEAD_BYTES, listingEnd),
    contentBox: bytes.subarray(listingEnd, contentEnd),
    escrow: bytes.subarray(contentEnd, escrowEnd),
    signature: bytes.subarray(escrowEnd),
  };
}
