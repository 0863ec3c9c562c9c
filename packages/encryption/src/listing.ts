import { encodeCbor } from './cbor/encode.js';
import { type ExtraFields, Fields, NO_EXTRA_FIELDS } from './cbor/fields.js';
import type { CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';
import { MAX_MARK_BYTES } from './moves.js';
import {
  decodeKeeping,
  decodeRetention,
  encodeKeeping,
  encodeRetention,
  type Keeping,
  type Retention,
} from './versions.js';

/*
 * The listing half of a record: what a holder of the directory's list secret may see. It is kept as the author's
 * bytes, because the author signed their digest, and decoded when somebody looks.
 */

/** A marker stands for the removal of a file whose older versions are kept. */
export type RecordKind = 'file' | 'symlink' | 'directory' | 'marker';

/** Nanoseconds 0 to 999,999,999; seconds since 1970, negative before. */
export interface RecordTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** How a directory's record leads to the directory. */
export interface DirectoryLink {
  /** 16 bytes. */
  readonly uid: Uint8Array;
  readonly generation: number;
  /** 16 bytes. The record is valid only while the child's head holds the same. */
  readonly linkId: Uint8Array;
  /** L of the child, 32 bytes. */
  readonly listSecret: Uint8Array;
  /** Made by a user, not only implied by what is in it. */
  readonly explicit: boolean;
  /** What is kept of what is replaced in it. Counts at the top of the vault only. */
  readonly keeping?: Keeping;
}

export interface ListingFields {
  readonly kind: RecordKind;
  /** Hybrid logical clock: milliseconds times 1024, plus a counter. Above anything seen in the directory. */
  readonly revision: number;
  /** Seconds since 1970. */
  readonly signedAt: number;
  /** 16 bytes: by which certificate the author writes. */
  readonly certificateId: Uint8Array;
  /** Bytes. */
  readonly size: number;
  readonly modified: RecordTime;
  readonly created: RecordTime;
  /** 0 to 0o7777. */
  readonly mode: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  /** Nothing is published under this name: there is a draft only. */
  readonly draftOnly: boolean;
  /** For directories, and only for them. */
  readonly directory?: DirectoryLink;
  /** Of files and markers: the revision under which this version was made. Absent: the null version. */
  readonly version?: number;
  /** Of files only. */
  readonly retention?: Retention;
  /** Of files only: nobody may destroy this version until the hold is lifted. */
  readonly legalHold?: boolean;
  /** Never of a directory: it is being moved to another one. A sealed mark, which only the owner opens. */
  readonly mark?: Uint8Array;
  /** Unknown optional fields, kept when the record is written again. */
  readonly extra?: ExtraFields;
}

/** Both halves of a record together, in bytes. */
export const MAX_RECORD_BYTES: number = 8192;

const KINDS: readonly RecordKind[] = ['file', 'symlink', 'directory', 'marker'];
const KNOWN: ReadonlySet<number> = new Set([
  0, 2, 4, 6, 8, 10, 11, 12, 13, 14, 16, 18, 20, 22, 26, 28, 30, 32, 34, 36, 38, 42, 44,
]);
const LINK_FIELDS: readonly number[] = [30, 32, 34, 36, 38, 44];
const MAX_NANOSECONDS = 999_999_999;
const MAX_MODE = 0o7777;
/** S3 allows 2 KiB of metadata; file protocols may want somewhat more. */
const METADATA_BOUNDS = { entries: 256, key: 256, value: 4096 };

export function encodeListing(fields: ListingFields): Uint8Array {
  const map = new Map<number, CborValue>([
    [0, KINDS.indexOf(fields.kind)],
    [2, fields.revision],
    [4, fields.signedAt],
    [6, fields.certificateId],
    [8, fields.size],
    [10, fields.modified.seconds],
    [12, fields.created.seconds],
    [14, fields.mode],
  ]);
  if (fields.modified.nanoseconds !== 0) map.set(11, fields.modified.nanoseconds);
  if (fields.created.nanoseconds !== 0) map.set(13, fields.created.nanoseconds);
  if (fields.metadata.size > 0) map.set(16, fields.metadata);
  if (fields.tags.size > 0) map.set(18, fields.tags);
  if (fields.retention !== undefined) map.set(20, encodeRetention(fields.retention));
  if (fields.legalHold === true) map.set(22, true);
  if (fields.draftOnly) map.set(26, true);
  if (fields.mark !== undefined) map.set(28, fields.mark);
  const link = fields.directory;
  if (link !== undefined) {
    map.set(30, link.uid).set(32, link.generation).set(34, link.linkId).set(36, link.listSecret);
    if (link.explicit) map.set(38, true);
    if (link.keeping !== undefined) map.set(44, encodeKeeping(link.keeping));
  }
  if (fields.version !== undefined) map.set(42, fields.version);
  for (const [key, value] of fields.extra ?? NO_EXTRA_FIELDS) map.set(key, value);
  const bytes = encodeCbor(map);
  decodeListing(bytes);
  return bytes;
}

/** Throws `malformed`, `limit`, or `unsupported` for a kind or critical field of a later version. */
export function decodeListing(bytes: Uint8Array): ListingFields {
  if (bytes.length > MAX_RECORD_BYTES) throw new EncryptionError('limit', 'record is larger than 8 KiB');
  const fields = Fields.decode('listing', bytes);
  const kind = KINDS[fields.uint(0)];
  if (kind === undefined) throw new EncryptionError('unsupported', 'listing: unknown kind of record');
  const extra = fields.extra(KNOWN);
  const link = decodeLink(fields, kind);
  if (link !== undefined && fields.has(28))
    throw new EncryptionError('malformed', 'listing: a mark on a directory');
  if (kind !== 'file' && (fields.has(20) || fields.has(22) || (kind !== 'marker' && fields.has(42))))
    throw new EncryptionError('malformed', 'listing: a version or a lock of what is no file');
  const listing: { -readonly [Field in keyof ListingFields]: ListingFields[Field] } = {
    kind,
    revision: fields.uint(2),
    signedAt: fields.uint(4),
    certificateId: fields.bytes(6, 16),
    size: fields.uint(8),
    modified: { seconds: fields.int(10), nanoseconds: fields.uintOrZero(11, MAX_NANOSECONDS) },
    created: { seconds: fields.int(12), nanoseconds: fields.uintOrZero(13, MAX_NANOSECONDS) },
    mode: fields.uint(14, MAX_MODE),
    metadata: fields.textMap(16, METADATA_BOUNDS),
    tags: fields.textMap(18, METADATA_BOUNDS),
    draftOnly: fields.flag(26),
  };
  if (link !== undefined) listing.directory = link;
  if (fields.has(20)) listing.retention = decodeRetention(fields.value(20));
  if (fields.flag(22)) listing.legalHold = true;
  if (fields.has(42)) listing.version = fields.uint(42);
  if (fields.has(28)) listing.mark = fields.bytesUpTo(28, MAX_MARK_BYTES);
  if (extra.size > 0) listing.extra = extra;
  return listing;
}

function decodeLink(fields: Fields, kind: RecordKind): DirectoryLink | undefined {
  if (kind !== 'directory') {
    if (LINK_FIELDS.some((key) => fields.has(key))) {
      throw new EncryptionError('malformed', 'listing: a link to a directory in another kind of record');
    }
    return undefined;
  }
  return {
    uid: fields.bytes(30, 16),
    generation: fields.uint(32),
    linkId: fields.bytes(34, 16),
    listSecret: fields.bytes(36, 32),
    explicit: fields.flag(38),
    ...(fields.has(44) ? { keeping: decodeKeeping(fields.value(44)) } : {}),
  };
}
