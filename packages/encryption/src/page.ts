/*
 * Pages hold the records that do not fit in a head, and index pages hold references to pages. A page is a blob that
 * never changes. It has no signature of its own: its parent, and at last the signed head, holds the SHA-256 of its
 * bytes, which the caller compares before opening. The boxes are also bound to the page's own blob id, so that a
 * page cannot stand in for another even for somebody who holds the keys.
 */

import { padBox, readEnvelope, unpadBox, writeEnvelope } from './box.js';
import { asciiBytes, equalBytes } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import type { DirectoryKeys, DirectoryListKeys } from './directory.js';
import { EncryptionError } from './errors.js';
import { MAX_TREE_LEVEL } from './head.js';
import type { BlobRef } from './places.js';
import type { CryptoProvider } from './provider.js';
import type { ListedRecord, SealedRecord } from './record.js';
import {
  decodeListings,
  decodeRefs,
  encodeContents,
  encodeListings,
  encodeRefs,
  joinContents,
  type PageRef,
} from './rows.js';
import { open, seal } from './seal.js';

/** What goes into a page: records at level 1, references above. */
export interface PageContents {
  /** 1 for a leaf. */
  readonly level: number;
  readonly records?: readonly SealedRecord[];
  readonly refs?: readonly PageRef[];
}

export interface Page {
  readonly level: number;
  /** Of a leaf: its records without their contents, in the order of keys. */
  readonly rows: readonly ListedRecord[];
  /** Of an index page. */
  readonly refs: readonly PageRef[];
  /** Sealed escrow box of the directory, for repair. */
  readonly escrow: Uint8Array;
  /**
   * The whole records. Opens the content box at the first call, so a listing never pays for it.
   * Throws `damaged` or `malformed`, and `unsupported` for a holder of the list secret alone.
   */
  records(): readonly SealedRecord[];
}

/** Records of a leaf, references of an index page. */
export const MAX_PAGE_ITEMS: number = 256;
/** Writers begin a new leaf at this many bytes of records. */
export const PAGE_TARGET_BYTES: number = 64 * 1024;
/** Of the stored object: room for 256 references with the longest names. */
export const MAX_PAGE_BYTES: number = 512 * 1024;

const MAGIC = asciiBytes('LKPAGE1\0');
const LISTING_FIELDS: ReadonlySet<number> = new Set([0, 2, 4]);
const CONTENT_FIELDS: ReadonlySet<number> = new Set([0]);

function place(keys: DirectoryListKeys, blob: BlobRef): Uint8Array {
  return encodeCbor(['page', keys.place, keys.uid, keys.generation, blob]);
}

/** What a reference to the page holds. The caller compares it before opening the page. */
export function pageDigest(p: CryptoProvider, bytes: Uint8Array): Uint8Array {
  return p.sha256(bytes);
}

/** Throws `malformed` unless there are records at level 1 or references above, and `limit`. */
export function sealPage(
  p: CryptoProvider,
  keys: DirectoryKeys,
  vaultId: Uint8Array,
  blob: BlobRef,
  page: PageContents,
  escrow: Uint8Array,
): Uint8Array {
  const { level, records = [], refs = [] } = page;
  if (level < 1 || level > MAX_TREE_LEVEL || (level === 1 ? refs : records).length > 0) {
    throw new EncryptionError('malformed', 'page has the wrong items for its level');
  }
  if (records.length > MAX_PAGE_ITEMS || refs.length > MAX_PAGE_ITEMS) {
    throw new EncryptionError('limit', 'page has too many items');
  }
  const ad = place(keys, blob);
  const listing = new Map<number, CborValue>([[0, level]]);
  if (level === 1) listing.set(2, encodeListings(records));
  else listing.set(4, encodeRefs(refs));
  const contents = new Map<number, CborValue>([[0, encodeContents(records)]]);
  return writeEnvelope(
    MAGIC,
    {
      listingBox: seal(p, keys.listingKey, 'page-listing', vaultId, ad, padBox(listing)),
      contentBox: seal(p, keys.contentKey, 'page-content', vaultId, ad, padBox(contents)),
      escrow,
      signature: new Uint8Array(0),
    },
    MAX_PAGE_BYTES,
  );
}

/** Throws `damaged` when it is not this directory's page of this blob, else `malformed`, `limit`, `unsupported`. */
export function openPage(
  p: CryptoProvider,
  keys: DirectoryListKeys | DirectoryKeys,
  vaultId: Uint8Array,
  blob: BlobRef,
  bytes: Uint8Array,
): Page {
  const { listingBox, contentBox, escrow } = readEnvelope(MAGIC, bytes, 0, MAX_PAGE_BYTES);
  const ad = place(keys, blob);
  const fields = Fields.decode(
    'page',
    unpadBox(open(p, keys.listingKey, 'page-listing', vaultId, ad, listingBox)),
  );
  fields.extra(LISTING_FIELDS);
  const level = fields.uint(0, MAX_TREE_LEVEL);
  if (level === 0 || fields.has(level === 1 ? 4 : 2))
    throw new EncryptionError('malformed', 'page: wrong level');
  const rows = level === 1 ? decodeListings(fields.array(2, 2 * MAX_PAGE_ITEMS), false) : [];
  const refs = level === 1 ? [] : decodeRefs(fields.array(4, MAX_PAGE_ITEMS));
  let records: readonly SealedRecord[] | undefined;
  return {
    level,
    rows,
    refs,
    escrow,
    records: () => {
      if (!('contentKey' in keys))
        throw new EncryptionError('unsupported', 'the list secret opens no content');
      records ??= openContents(p, keys, vaultId, ad, contentBox, rows);
      return records;
    },
  };
}

function openContents(
  p: CryptoProvider,
  keys: DirectoryKeys,
  vaultId: Uint8Array,
  ad: Uint8Array,
  box: Uint8Array,
  rows: readonly ListedRecord[],
): SealedRecord[] {
  const padded = open(p, keys.contentKey, 'page-content', vaultId, ad, box);
  const fields = Fields.decode('page content', unpadBox(padded));
  fields.extra(CONTENT_FIELDS);
  return joinContents(rows, fields.array(0, 2 * MAX_PAGE_ITEMS));
}

/** The escrow box of a page, for repair: readable without any of the directory's keys. */
export function pageEscrow(bytes: Uint8Array): Uint8Array {
  return readEnvelope(MAGIC, bytes, 0, MAX_PAGE_BYTES).escrow;
}

/** Whether bytes look like a page, for repair. */
export function isPage(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}
