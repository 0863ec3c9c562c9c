import { decodeContent, versionPlace } from '@latchkey/encryption';
import { appendixOf } from '../content/appendix.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { ObjectEntry } from '../object-session.js';
import type { RecordFields } from '../record/build.js';
import { describe, nameOf } from '../record/entry.js';

/** What a record says about its file and the content. */
export function objectEntry(
  name: string,
  { listing, content }: Pick<RecordFields, 'listing' | 'content'>,
  directory: string,
): ObjectEntry {
  const { contentType, etag, digests, partSizes, appendix } = content;
  const { version, retention, legalHold } = listing;
  return {
    ...describe(name, listing, directory),
    tags: listing.tags,
    explicit: listing.directory?.explicit === true,
    ...(contentType === undefined ? {} : { contentType }),
    ...(etag === undefined ? {} : { etag }),
    ...(digests === undefined ? {} : { digests }),
    ...(partSizes === undefined ? {} : { partSizes }),
    ...(appendix === undefined ? {} : { appendix: appendixOf(appendix) }),
    ...(version === undefined ? {} : { versionId: versionPlace(version), written: version }),
    ...(retention === undefined ? {} : { retention }),
    ...(legalHold === undefined ? {} : { legalHold }),
  };
}

/** The same for a row of a listing, whose page is covered by the signature of its head. */
export function objectEntryOf(row: Row, directory: string): ObjectEntry {
  const content = decodeContent(row.sealed().content);
  return objectEntry(nameOf(row.key), { listing: listingOf(row), content }, directory);
}
