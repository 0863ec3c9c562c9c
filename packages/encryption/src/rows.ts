import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { MAX_RECORD_BYTES } from './listing.js';
import { checkKey, compareKeys } from './names.js';
import { BLOB_REF_BYTES, type BlobRef } from './places.js';
import { isTombstone, type ListedRecord, RECORD_SIGNATURE_BYTES, type SealedRecord } from './record.js';

/*
 * Records and page references as they stand in the boxes of heads and pages: flat lists in the order of keys. The
 * two boxes hold the halves of the same records in the same order.
 */

/** How a parent refers to a page. */
export interface PageRef {
  /** No key in the page, or in the pages below it, is lower. */
  readonly firstKey: string;
  /** 26 bytes. */
  readonly blob: BlobRef;
  /** Records in the page and below it. */
  readonly count: number;
  /** Of the page's stored bytes. */
  readonly sha256: Uint8Array;
}

function refuse(why: string): never {
  throw new EncryptionError('malformed', `records: ${why}`);
}

function checkOrder(items: readonly string[]): void {
  for (let i = 1; i < items.length; i++) {
    if (compareKeys(items[i - 1] as string, items[i] as string) >= 0) refuse('keys are not in order');
  }
}

// Loops, here and below: every commit encodes all recent changes of a directory, and flatMap takes four times as long.

export function encodeListings(records: readonly ListedRecord[]): CborValue {
  const values: CborValue[] = [];
  let last: string | undefined;
  for (const { key, listing } of records) {
    if (last !== undefined && compareKeys(last, key) >= 0) refuse('keys are not in order');
    checkKey(key);
    values.push(key, listing);
    last = key;
  }
  return values;
}

export function encodeContents(records: readonly SealedRecord[]): CborValue {
  const values: CborValue[] = [];
  for (const record of records) {
    checkSizes(record);
    values.push(record.content, record.signature);
  }
  return values;
}

/** A record has both halves and a signature, within 8 KiB; a tombstone has nothing. */
function checkSizes(record: SealedRecord): void {
  if (isTombstone(record)) {
    if (record.content.length + record.signature.length > 0) refuse('a tombstone with content');
  } else if (record.content.length === 0 || record.signature.length !== RECORD_SIGNATURE_BYTES) {
    refuse('a record without content or signature');
  } else if (record.listing.length + record.content.length > MAX_RECORD_BYTES) {
    throw new EncryptionError('limit', 'record is larger than 8 KiB');
  }
}

export function decodeListings(value: readonly CborValue[], allowTombstones: boolean): ListedRecord[] {
  const records: ListedRecord[] = [];
  let last: string | undefined;
  for (let i = 0; i < value.length; i += 2) {
    const key = value[i];
    const listing = value[i + 1];
    if (typeof key !== 'string' || !(listing instanceof Uint8Array)) return refuse('wrong form');
    if (last !== undefined && compareKeys(last, key) >= 0) refuse('keys are not in order');
    if (listing.length > MAX_RECORD_BYTES) throw new EncryptionError('limit', 'record is larger than 8 KiB');
    if (listing.length === 0 && !allowTombstones) refuse('a tombstone in a page');
    checkKey(key);
    records.push({ key, listing });
    last = key;
  }
  return records;
}

/** The records of a box of listings with what the box of contents says about them. */
export function joinContents(listed: readonly ListedRecord[], value: readonly CborValue[]): SealedRecord[] {
  if (value.length !== listed.length * 2) refuse('the two boxes do not match');
  return listed.map(({ key, listing }, i) => {
    const content = value[2 * i];
    const signature = value[2 * i + 1];
    if (!(content instanceof Uint8Array) || !(signature instanceof Uint8Array)) return refuse('wrong form');
    const record = { key, listing, content, signature };
    checkSizes(record);
    return record;
  });
}

export function encodeRefs(refs: readonly PageRef[]): CborValue {
  checkOrder(refs.map((ref) => ref.firstKey));
  return refs.map(({ firstKey, blob, count, sha256 }) => [firstKey, blob, count, sha256]);
}

export function decodeRefs(value: readonly CborValue[]): PageRef[] {
  const refs = value.map((item): PageRef => {
    if (!Array.isArray(item) || item.length !== 4) return refuse('wrong form of a reference');
    const [firstKey, blob, count, sha256] = item as readonly CborValue[];
    if (typeof firstKey !== 'string' || typeof count !== 'number' || count < 0)
      return refuse('wrong reference');
    if (!(blob instanceof Uint8Array) || blob.length !== BLOB_REF_BYTES) return refuse('wrong reference');
    if (!(sha256 instanceof Uint8Array) || sha256.length !== 32) return refuse('wrong reference');
    checkKey(firstKey);
    return { firstKey, blob, count, sha256 };
  });
  checkOrder(refs.map((ref) => ref.firstKey));
  return refs;
}
