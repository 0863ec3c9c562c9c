import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { sealedSize } from './chunks.js';
import { contentSize, saltOf, sealOf } from './seal.js';

/*
 * An object of sealed parts ends with an index: for each part its number (u32), its bytes before sealing (u64) and its salt
 * (32), big-endian. The key is not there when an upload is completed, so the index is not sealed with it; the vault seals and
 * signs it like all content. A part opens under its own number only, so parts cannot be exchanged.
 */

export const INDEX_ENTRY_BYTES = 44;

export interface PartSeal {
  readonly number: number;
  /** Bytes before sealing. */
  readonly size: number;
  readonly storedSize: number;
  readonly salt: Uint8Array;
}

export function partSeals(index: Buffer): PartSeal[] {
  const parts: PartSeal[] = [];
  for (let at = 0; at + INDEX_ENTRY_BYTES <= index.length; at += INDEX_ENTRY_BYTES) {
    const size = Number(index.readBigUInt64BE(at + 4));
    const salt = index.subarray(at + 12, at + INDEX_ENTRY_BYTES);
    parts.push({ number: index.readUInt32BE(at), size, storedSize: sealedSize(size), salt });
  }
  return parts;
}

/** The index of uploaded parts in their order. Throws `InvalidPart` for one that is not sealed. */
export function indexOfParts(
  parts: readonly { readonly number: number; readonly entry: ObjectEntry }[],
): Buffer {
  const index = Buffer.alloc(parts.length * INDEX_ENTRY_BYTES);
  for (const [place, { number, entry }] of parts.entries()) {
    const seal = sealOf(entry);
    if (seal === undefined) throw new S3Error('InvalidPart');
    const at = place * INDEX_ENTRY_BYTES;
    index.writeUInt32BE(number, at);
    index.writeBigUInt64BE(BigInt(contentSize(entry)), at + 4);
    index.set(saltOf(seal), at + 12);
  }
  return index;
}
