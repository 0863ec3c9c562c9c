import { decodeContent, versionPlace } from '@latchkey/encryption';
import { appendixOf } from '../content/appendix.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { ObjectEntry } from '../object-session.js';
import type { RecordFields } from '../record/build.js';
import { describe, nameOf } from '../record/entry.js';

type Building = { -readonly [Field in keyof ObjectEntry]: ObjectEntry[Field] };

/** What a record says about its file and the content. */
export function objectEntry(
  name: string,
  { listing, content }: Pick<RecordFields, 'listing' | 'content'>,
  directory: string,
): ObjectEntry {
  const { contentType, etag, digests, partSizes, appendix } = content;
  const { version, retention, legalHold } = listing;
  // Not by spreading, which takes fifty times as long: a page of a listing makes a thousand of these.
  const entry = describe(name, listing, directory) as Building;
  entry.tags = listing.tags;
  entry.explicit = listing.directory?.explicit === true;
  if (contentType !== undefined) entry.contentType = contentType;
  if (etag !== undefined) entry.etag = etag;
  if (digests !== undefined) entry.digests = digests;
  if (partSizes !== undefined) entry.partSizes = partSizes;
  if (appendix !== undefined) entry.appendix = appendixOf(appendix);
  if (version !== undefined) {
    entry.versionId = versionPlace(version);
    entry.written = version;
  }
  if (retention !== undefined) entry.retention = retention;
  if (legalHold !== undefined) entry.legalHold = legalHold;
  return entry;
}

/** The same for a row of a listing, whose page is covered by the signature of its head. */
export function objectEntryOf(row: Row, directory: string): ObjectEntry {
  const content = decodeContent(row.sealed().content);
  return objectEntry(nameOf(row.key), { listing: listingOf(row), content }, directory);
}
