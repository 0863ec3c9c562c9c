/*
 * A directory's head: the one register that says what the directory is now. Against a store that owns every byte:
 * the boxes open only with this directory's keys and only at this place, uid and generation, and the committer's
 * signature covers vault, uid, generation, revision and the digests of all three boxes. Pages are covered because
 * the listing box holds their digests. So one verification authenticates the whole directory, and a record cannot
 * be removed, added or replayed by itself. An older head as a whole is still genuine; who has seen a later revision
 * must refuse it.
 */

import { padBox, readEnvelope, unpadBox, writeEnvelope } from './box.js';
import { asciiBytes, equalBytes } from './bytes.js';
import { encodeCbor } from './cbor/encode.js';
import { Fields } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import type { DirectoryKeys, DirectoryListKeys } from './directory.js';
import { EncryptionError } from './errors.js';
import type { CryptoProvider } from './provider.js';
import type { Author, ListedRecord, SealedRecord } from './record.js';
import { decodeReleases, encodeReleases, packItems, type Release, unpackItems } from './releases.js';
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

/** Of everything in and below a directory's own records; subdirectories are counted, not entered. */
export interface Counters {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
}

/** What a holder of the list secret sees of a head. */
export interface HeadListing {
  /** One more at every commit. */
  readonly revision: number;
  readonly state: 'live' | 'dead';
  /** 16 bytes. */
  readonly linkId: Uint8Array;
  /** Recent changes over the pages, tombstones among them, in the order of keys. */
  readonly changes: readonly ListedRecord[];
  /** Of the pages that `tree` refers to; 0 when there are none. */
  readonly level: number;
  readonly tree: readonly PageRef[];
  readonly counters: Counters;
  /** The last operation ids, 16 bytes each, at most 256. */
  readonly operations: readonly Uint8Array[];
  readonly releases: readonly Release[];
  /** Authority epoch that the committer saw. */
  readonly epoch: number;
  /** Sealed escrow box. */
  readonly escrow: Uint8Array;
}

export interface Head extends HeadListing {
  readonly changes: readonly SealedRecord[];
}

/** Of the stored object, in bytes. */
export const MAX_HEAD_BYTES: number = 256 * 1024;
export const MAX_OPERATIONS: number = 256;
export const MAX_TREE_LEVEL: number = 8;

const MAGIC = asciiBytes('LKHEAD1\0');
const SIGNATURE_BYTES = 64;
const LISTING_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
const CONTENT_FIELDS: ReadonlySet<number> = new Set([0]);

function place(keys: DirectoryListKeys): Uint8Array {
  return encodeCbor(['head', keys.place, keys.uid, keys.generation]);
}

function message(
  p: CryptoProvider,
  keys: DirectoryListKeys,
  vaultId: Uint8Array,
  revision: number,
  boxes: { listingBox: Uint8Array; contentBox: Uint8Array; escrow: Uint8Array },
): Uint8Array {
  return encodeCbor([
    'latchkey/1/head',
    vaultId,
    keys.uid,
    keys.generation,
    revision,
    p.sha256(boxes.listingBox),
    p.sha256(boxes.contentBox),
    p.sha256(boxes.escrow),
  ]);
}

function listingMap(head: Head): CborValue {
  return new Map<number, CborValue>([
    [0, head.revision],
    [2, head.state === 'live' ? 0 : 1],
    [4, head.linkId],
    [6, encodeListings(head.changes)],
    [8, head.level],
    [10, encodeRefs(head.tree)],
    [12, [head.counters.files, head.counters.directories, head.counters.bytes]],
    [14, packItems(head.operations, 16)],
    [16, encodeReleases(head.releases)],
    [18, head.epoch],
  ]);
}

/** The stored bytes of a head, signed by `author`. Throws `limit` when they would be over 256 KiB. */
export function sealHead(
  p: CryptoProvider,
  keys: DirectoryKeys,
  vaultId: Uint8Array,
  head: Head,
  author: Pick<Author, 'seed'>,
): Uint8Array {
  if (head.operations.length > MAX_OPERATIONS)
    throw new EncryptionError('limit', 'head has too many operations');
  if (head.level > 0 !== head.tree.length > 0 || head.level > MAX_TREE_LEVEL) {
    throw new EncryptionError('malformed', 'head has a level without pages or pages without a level');
  }
  const ad = place(keys);
  const contents = new Map<number, CborValue>([[0, encodeContents(head.changes)]]);
  const boxes = {
    listingBox: seal(p, keys.listingKey, 'head-listing', vaultId, ad, padBox(listingMap(head))),
    contentBox: seal(p, keys.contentKey, 'head-content', vaultId, ad, padBox(contents)),
    escrow: head.escrow,
  };
  const signature = p.ed25519Sign(author.seed, message(p, keys, vaultId, head.revision, boxes));
  return writeEnvelope(MAGIC, { ...boxes, signature }, MAX_HEAD_BYTES);
}

function decodeCounters(value: readonly CborValue[]): Counters {
  const [files, directories, bytes] = value;
  if (value.length !== 3 || !isCount(files) || !isCount(directories) || !isCount(bytes)) {
    throw new EncryptionError('malformed', 'head: counters');
  }
  return { files, directories, bytes };
}

function isCount(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function decodeHeadListing(cbor: Uint8Array, escrow: Uint8Array): HeadListing {
  const fields = Fields.decode('head', cbor);
  fields.extra(LISTING_FIELDS);
  const level = fields.uint(8, MAX_TREE_LEVEL);
  const tree = decodeRefs(fields.array(10, MAX_HEAD_BYTES));
  const operations = unpackItems(fields.value(14), 16);
  if (operations.length > MAX_OPERATIONS) throw new EncryptionError('limit', 'head has too many operations');
  if (level > 0 !== tree.length > 0)
    throw new EncryptionError('malformed', 'head: level does not fit its pages');
  return {
    revision: fields.uint(0),
    state: fields.uint(2, 1) === 0 ? 'live' : 'dead',
    linkId: fields.bytes(4, 16),
    changes: decodeListings(fields.array(6, MAX_HEAD_BYTES), true),
    level,
    tree,
    counters: decodeCounters(fields.array(12, 3)),
    operations,
    releases: decodeReleases(fields.value(16)),
    epoch: fields.uint(18),
    escrow,
  };
}

/**
 * A head as the holder of the list secret sees it. Throws `damaged` when a box does not open here or the signature
 * is not by `authorPublicKey`, and `malformed`, `limit` or `unsupported` for what an author should never have signed.
 */
export function openHeadListing(
  p: CryptoProvider,
  keys: DirectoryListKeys,
  vaultId: Uint8Array,
  bytes: Uint8Array,
  authorPublicKey: Uint8Array,
): HeadListing {
  const envelope = readEnvelope(MAGIC, bytes, SIGNATURE_BYTES, MAX_HEAD_BYTES);
  const padded = open(p, keys.listingKey, 'head-listing', vaultId, place(keys), envelope.listingBox);
  const head = decodeHeadListing(unpadBox(padded), envelope.escrow);
  const signed = message(p, keys, vaultId, head.revision, envelope);
  if (!p.ed25519Verify(authorPublicKey, signed, envelope.signature)) {
    throw new EncryptionError('damaged', 'head is not signed by its author');
  }
  return head;
}

/** A head with the contents of its records. The records' own signatures are checked by `verifyRecord` when needed. */
export function openHead(
  p: CryptoProvider,
  keys: DirectoryKeys,
  vaultId: Uint8Array,
  bytes: Uint8Array,
  authorPublicKey: Uint8Array,
): Head {
  const head = openHeadListing(p, keys, vaultId, bytes, authorPublicKey);
  const { contentBox } = readEnvelope(MAGIC, bytes, SIGNATURE_BYTES, MAX_HEAD_BYTES);
  const padded = open(p, keys.contentKey, 'head-content', vaultId, place(keys), contentBox);
  const fields = Fields.decode('head content', unpadBox(padded));
  fields.extra(CONTENT_FIELDS);
  return { ...head, changes: joinContents(head.changes, fields.array(0, MAX_HEAD_BYTES)) };
}

/** The escrow box of a head, for repair: readable without any of the directory's keys. */
export function headEscrow(bytes: Uint8Array): Uint8Array {
  return readEnvelope(MAGIC, bytes, SIGNATURE_BYTES, MAX_HEAD_BYTES).escrow;
}

/** Whether bytes look like a head, for repair. */
export function isHead(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && equalBytes(bytes.subarray(0, MAGIC.length), MAGIC);
}
