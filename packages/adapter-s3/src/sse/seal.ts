import { hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ObjectEntry } from '@latchkey/vault';
import { S3Error } from '../errors.js';
import { openedSize, sealChunks } from './chunks.js';
import type { CustomerKey } from './customer-key.js';

/*
 * Objects that a customer's key protects. Of the key nothing is stored. From it and a random salt of 32 bytes HKDF-SHA-256
 * (RFC 5869) derives a key for the content and, under another label, a value by which the key is recognised. Salt and value
 * lie among the digests of the record, under names that no checksum has.
 */

const SALT_BYTES = 32;
const SEAL = 'sse-c';
const PARTS = 'sse-c/parts';

type Purpose = 'content' | 'check' | `part ${number}`;

function derive({ key }: CustomerKey, salt: Uint8Array, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `latchkey/1/sse-c/${purpose}`, 32));
}

/** Salt and check value. */
export type Seal = Uint8Array;

/** A seal under a fresh salt. */
export function newSeal(key: CustomerKey): Seal {
  const salt = randomBytes(SALT_BYTES);
  return new Uint8Array(Buffer.concat([salt, derive(key, salt, 'check')]));
}

export function saltOf(seal: Seal): Uint8Array {
  return seal.subarray(0, SALT_BYTES);
}

export function fits(seal: Seal, key: CustomerKey): boolean {
  const check = seal.subarray(SALT_BYTES);
  const other = derive(key, saltOf(seal), 'check');
  return check.length === other.length && timingSafeEqual(check, other);
}

/** The key of a sealed stream: of a whole object, or of a part, which then opens under its number alone. */
export function streamKey(key: CustomerKey, salt: Uint8Array, part?: number): Buffer {
  return derive(key, salt, part === undefined ? 'content' : `part ${part}`);
}

/** The seal of an object that a customer's key protects. */
export function sealOf({ digests }: Pick<ObjectEntry, 'digests'>): Seal | undefined {
  return digests?.get(SEAL);
}

/** How many parts such an object has, and their bytes before sealing; undefined when it is one stream. */
export function sealedParts({
  digests,
}: Pick<ObjectEntry, 'digests'>): { readonly count: number; readonly size: number } | undefined {
  const packed = digests?.get(PARTS);
  if (packed === undefined) return undefined;
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return { count: view.getUint32(0), size: Number(view.getBigUint64(4)) };
}

export function partsDigest(count: number, size: number): [string, Uint8Array] {
  const packed = new Uint8Array(12);
  const view = new DataView(packed.buffer);
  view.setUint32(0, count);
  view.setBigUint64(4, BigInt(size));
  return [PARTS, packed];
}

export function sealDigest(seal: Seal): [string, Uint8Array] {
  return [SEAL, seal];
}

/** Bytes of an object as its clients see it. A record has those of what is stored. */
export function contentSize(entry: ObjectEntry): number {
  if (sealOf(entry) === undefined) return entry.size;
  return sealedParts(entry)?.size ?? openedSize(entry.size);
}

/** Throws what S3 answers when the key of a request is not the one that an object is protected with. */
export function checkKey(entry: Pick<ObjectEntry, 'digests'>, key: CustomerKey | undefined): void {
  const seal = sealOf(entry);
  if (seal === undefined && key === undefined) return;
  if (seal === undefined)
    throw new S3Error('InvalidRequest', 'The encryption parameters are not applicable to this object.');
  if (key === undefined)
    throw new S3Error(
      'InvalidRequest',
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  if (!fits(seal, key))
    throw new S3Error('AccessDenied', 'The key is not the one the object was stored with.');
}

/** What a write stores instead of the content, and says about it instead of its MD5. */
export interface Sealing {
  stream(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Changes with every write and says nothing about the content. */
  readonly etag: string;
  readonly digest: [string, Uint8Array];
}

export function sealing(key: CustomerKey, part?: number): Sealing {
  const seal = newSeal(key);
  return {
    stream: (source) => sealChunks(streamKey(key, saltOf(seal), part), source),
    etag: randomBytes(16).toString('hex'),
    digest: sealDigest(seal),
  };
}
