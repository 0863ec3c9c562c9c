import {
  type ContentFields,
  type DirectoryIdentity,
  decodeContent,
  encodeContent,
  encodeListing,
  type ListingFields,
  type SealedRecord,
  signRecord,
  verifyRecord,
} from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { RECORD_BYTES } from '../limits.js';
import type { Attributes, EntryKind, Timestamp } from '../session.js';
import { asVaultError } from '../translate.js';

/** Both halves of a record, decoded. */
export interface RecordFields {
  readonly listing: ListingFields;
  readonly content: ContentFields;
}

const DEFAULT_MODE: Record<EntryKind, number> = { file: 0o644, directory: 0o755, symlink: 0o777 };

export function now(): Timestamp {
  const milliseconds = Date.now();
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: (milliseconds % 1000) * 1_000_000 };
}

/** The attributes of something that has just been made. */
export function freshListing(kind: EntryKind, attributes: Attributes = {}): ListingFields {
  const at = now();
  return {
    kind,
    revision: 0,
    signedAt: 0,
    certificateId: new Uint8Array(16),
    size: 0,
    modified: attributes.modified ?? at,
    created: at,
    mode: attributes.mode ?? DEFAULT_MODE[kind],
    metadata: attributes.metadata ?? new Map(),
    tags: new Map(),
    draftOnly: false,
  };
}

export function withAttributes(listing: ListingFields, attributes: Attributes): ListingFields {
  return {
    ...listing,
    ...(attributes.modified === undefined ? {} : { modified: attributes.modified }),
    ...(attributes.mode === undefined ? {} : { mode: attributes.mode & 0o7777 }),
    ...(attributes.metadata === undefined ? {} : { metadata: attributes.metadata }),
  };
}

/** Signs a record for its place. Every record made gets a revision above all that this process has seen. */
export function buildRecord(
  context: VaultContext,
  directory: Directory,
  key: string,
  fields: RecordFields,
): SealedRecord {
  const { provider, author, clock } = context;
  clock.observe(fields.listing.revision);
  const listing = encodeListing({
    ...fields.listing,
    revision: clock.next(),
    signedAt: Math.floor(Date.now() / 1000),
    certificateId: author.certificateId,
  });
  const content = encodeContent(fields.content);
  if (listing.length + content.length > RECORD_BYTES) {
    throw new VaultError(
      'too-large',
      `attributes and metadata of one entry are limited to ${RECORD_BYTES} bytes`,
    );
  }
  return {
    key,
    listing,
    content,
    signature: signRecord(provider, author, directory.keys.uid, key, listing, content),
  };
}

/** Decodes a record after checking that its author put it in this place. Throws `damaged`. */
export function openRecord(context: VaultContext, directory: Directory, row: Row): RecordFields {
  try {
    const record = row.sealed();
    verifyRecord(context.provider, context.author, directory.keys.uid, record);
    const listing = listingOf(record);
    context.clock.observe(listing.revision);
    return { listing, content: decodeContent(record.content) };
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
