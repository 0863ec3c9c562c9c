import { decodeContent, splitVersionKey, versionPlace } from '@latchkey/encryption';
import { listingOf, type Row } from '../directory/rows.js';
import { objectEntry } from '../objects/entry.js';
import { nameOf } from '../record/entry.js';
import type { VersionEntry } from '../version-session.js';
import { isVersion, newestOlder, orderOf, type RowSource, versionIdOf } from './rows.js';

/** A version as its session shows it. The row's page, or its record, has been authenticated. */
export function versionEntry(row: Row, directory: string, latest: boolean): VersionEntry {
  const listing = listingOf(row);
  const content = decodeContent(row.sealed().content);
  const written = orderOf(row.key, listing);
  return {
    ...objectEntry(nameOf(row.key), { listing, content }, directory),
    versionId: versionIdOf(listing),
    written,
    marker: listing.kind === 'marker',
    latest,
    place: versionPlace(written),
  };
}

/** Whether a version is the newest of its name. */
export async function isLatest(source: RowSource, row: Row): Promise<boolean> {
  const name = splitVersionKey(row.key)?.name;
  if (name === undefined) return true;
  const current = await source.get(name);
  if (current !== undefined && isVersion(listingOf(current))) return false;
  return (await newestOlder(source, name))?.key === row.key;
}
