import {
  type ContentFields,
  type DirectoryIdentity,
  decodeContent,
  EncryptionError,
  encodeContent,
  encodeListing,
  type ListingFields,
  MAX_MARK_BYTES,
  type RecordKind,
  type SealedRecord,
  signRecord,
  verifyRecord,
} from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { LISTING_BYTES, RECORD_BYTES } from '../limits.js';
import type { Attributes, Timestamp } from '../session.js';
import { asVaultError } from '../translate.js';

/** Both halves of a record, decoded. */
export interface RecordFields {
  readonly listing: ListingFields;
  readonly content: ContentFields;
  /** Of the stored record that was decoded: it tells one version from another. */
  readonly signature?: Uint8Array;
}

const MODE_BITS = 0o7777;
const DEFAULT_MODE: Record<RecordKind, number> = {
  file: 0o644,
  directory: 0o755,
  symlink: 0o777,
  marker: 0o644,
};

export function now(): Timestamp {
  const milliseconds = Date.now();
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: (milliseconds % 1000) * 1_000_000 };
}

/** The attributes of something that has just been made. */
export function freshListing(kind: RecordKind, attributes: Attributes = {}): ListingFields {
  const at = now();
  return {
    kind,
    revision: 0,
    signedAt: 0,
    certificateId: new Uint8Array(16),
    size: 0,
    modified: attributes.modified ?? at,
    created: at,
    mode: (attributes.mode ?? DEFAULT_MODE[kind]) & MODE_BITS,
    metadata: attributes.metadata ?? new Map(),
    tags: new Map(),
    draftOnly: false,
  };
}

export function withAttributes(listing: ListingFields, attributes: Attributes): ListingFields {
  return {
    ...listing,
    ...(attributes.modified === undefined ? {} : { modified: attributes.modified }),
    ...(attributes.created === undefined ? {} : { created: attributes.created }),
    ...(attributes.mode === undefined ? {} : { mode: attributes.mode & MODE_BITS }),
    ...(attributes.metadata === undefined ? {} : { metadata: attributes.metadata }),
  };
}

/** Throws `invalid-argument` or `too-large` for what no record can hold, before anything depends on it. */
export function checkAttributes(attributes: Attributes): void {
  const { modified, created, mode = 0 } = attributes;
  if (!Number.isSafeInteger(mode) || mode < 0)
    throw new VaultError('invalid-argument', 'a mode is a whole number of at least 0');
  for (const time of [modified, created]) checkTime(time);
  if (attributes.metadata !== undefined) encoded(() => encodeListing(freshListing('file', attributes)));
}

function checkTime({ seconds, nanoseconds }: Timestamp = { seconds: 0, nanoseconds: 0 }): void {
  const whole = Number.isSafeInteger(seconds) && Number.isSafeInteger(nanoseconds);
  if (!whole || nanoseconds < 0 || nanoseconds > 999_999_999)
    throw new VaultError('invalid-argument', 'a time is whole seconds and 0 to 999999999 nanoseconds');
}

/** Encodes a listing within its bounds. What does not fit is the caller's doing, not damage. `extra`: bytes of a mark. */
function encoded(encode: () => Uint8Array, extra = 0): Uint8Array {
  try {
    const bytes = encode();
    if (bytes.length <= LISTING_BYTES + extra) return bytes;
  } catch (error) {
    if (!(error instanceof EncryptionError) || error.code !== 'limit')
      throw new VaultError(
        'invalid-argument',
        error instanceof Error ? error.message : 'a value is not allowed',
        {
          cause: error,
        },
      );
  }
  throw new VaultError(
    'too-large',
    `attributes and metadata of an entry are limited to ${LISTING_BYTES} bytes`,
  );
}

/**
 * Signs a record for its place. Every record made gets a revision above all that this process has seen. A mark of a move
 * that the fields bear is left out, since whatever is changed ends the move; `mark` is put in.
 */
export function buildRecord(
  context: VaultContext,
  directory: Directory,
  key: string,
  fields: RecordFields,
  mark?: Uint8Array,
): SealedRecord {
  const { provider, author, clock } = context;
  const { mark: _ended, ...kept } = fields.listing;
  clock.observe(kept.revision);
  const encode = (): Uint8Array =>
    encodeListing({
      ...kept,
      revision: clock.next(),
      signedAt: Math.floor(Date.now() / 1000),
      certificateId: author.certificateId,
      ...(mark === undefined ? {} : { mark }),
    });
  const listing = encoded(encode, mark === undefined ? 0 : MAX_MARK_BYTES);
  const content = encodeContent(fields.content);
  if (listing.length + content.length > RECORD_BYTES) {
    throw new VaultError('too-large', `an entry is limited to ${RECORD_BYTES} bytes`);
  }
  const signature = signRecord(provider, author, directory.keys.uid, key, listing, content);
  const record: SealedRecord = { key, listing, content, signature };
  verified.set(record, directory.id);
  return record;
}

/** Records whose signature has been made or checked by this process, with the directory that they were signed for. */
const verified = new WeakMap<SealedRecord, string>();

/** Decodes a record after checking that its author put it in this place. Throws `damaged`. */
export function openRecord(context: VaultContext, directory: Directory, row: Row): RecordFields {
  try {
    const record = row.sealed();
    if (verified.get(record) !== directory.id) {
      verifyRecord(context.provider, context.author, directory.keys.uid, record);
      verified.set(record, directory.id);
    }
    const listing = listingOf(record);
    context.clock.observe(listing.revision);
    return { listing, content: decodeContent(record.content), signature: record.signature };
  } catch (error) {
    throw asVaultError(error, `a record of directory ${directory.register}`);
  }
}

/** The keys of the directory that a record leads to. */
export function identityOf(fields: RecordFields): DirectoryIdentity & { readonly linkId: Uint8Array } {
  const { directory } = fields.listing;
  const { readSecret } = fields.content;
  if (directory === undefined || readSecret === undefined) {
    throw new VaultError('damaged', 'the record of a directory has no keys');
  }
  return { uid: directory.uid, generation: directory.generation, readSecret, linkId: directory.linkId };
}
