import { splitVersionKey } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { ReadHandle } from '../files/read-handle.js';
import { notFound, show, splitPath } from '../names/path.js';
import { resolveDirectory } from '../names/resolve.js';
import { hidden } from '../names/staging.js';
import type { ObjectEntry, ObjectReader } from '../object-session.js';
import { objectEntryOf } from '../objects/entry.js';
import { readerOf } from '../objects/reader.js';
import { openRecord } from '../record/build.js';
import { contentOf } from '../record/content-of.js';
import type { Path } from '../session.js';
import type { VersionEntry, VersionListOptions, VersionPage } from '../version-session.js';
import { isLatest, versionEntry } from './entry.js';
import { findVersion, isVersion, newestOlder, type RowSource, treeSource } from './rows.js';

const PAGE_ENTRIES = 1000;

/** The row of a version, or of the newest one, with where it stands. */
async function lookUpVersion(
  context: VaultContext,
  path: Path,
  id: string | undefined,
): Promise<{ readonly directory: Directory; readonly source: RowSource; readonly row: Row }> {
  const { parent, name } = splitPath(path);
  const { directory, head } = await resolveDirectory(context, parent, 'read');
  const source = treeSource(directory.tree(head));
  const row = id === undefined ? await newestOf(source, name) : await findVersion(source, name, id);
  if (row === undefined) throw notFound(path);
  openRecord(context, directory, row);
  return { directory, source, row };
}

async function newestOf(source: RowSource, name: string): Promise<Row | undefined> {
  const current = await source.get(name);
  return current !== undefined && isVersion(listingOf(current)) ? current : newestOlder(source, name);
}

export async function statVersion(
  context: VaultContext,
  path: Path,
  id: string | undefined,
): Promise<VersionEntry> {
  const { directory, source, row } = await lookUpVersion(context, path, id);
  return versionEntry(row, directory.id, id === undefined || (await isLatest(source, row)));
}

export async function openVersion(context: VaultContext, path: Path, id: string): Promise<ObjectReader> {
  const { directory, source, row } = await lookUpVersion(context, path, id);
  const fields = openRecord(context, directory, row);
  if (fields.listing.kind !== 'file')
    throw new VaultError('invalid-argument', `a marker of a removal has no content: ${show(path)}`);
  const entry = versionEntry(row, directory.id, await isLatest(source, row));
  const handle = new ReadHandle(context, directory, row.key, path, fields, await contentOf(context, fields));
  return readerOf(handle, entry);
}

/** A page of all versions, markers and directories of a directory. */
export async function listVersions(
  context: VaultContext,
  path: Path,
  { from, after, limit = PAGE_ENTRIES }: VersionListOptions,
): Promise<VersionPage> {
  if (!(limit >= 1)) throw new VaultError('invalid-argument', 'a page of a listing has at least one entry');
  const { directory, head } = await resolveDirectory(context, path, 'read');
  const tree = directory.tree(head);
  const source = treeSource(tree);
  const bounds = { ...(from === undefined ? {} : { from }), ...(after === undefined ? {} : { after }) };
  const entries: (VersionEntry | ObjectEntry)[] = [];
  let last: string | undefined;
  /** The name whose newest version has been passed. */
  let seen: string | undefined;
  for await (const rows of tree.scan(bounds))
    for (const row of rows) {
      const listing = listingOf(row);
      if (hidden(path, row.key) || (listing.kind !== 'directory' && !isVersion(listing))) continue;
      if (entries.length === limit && last !== undefined) return { entries, next: last };
      last = row.key;
      if (listing.kind === 'directory') {
        entries.push(objectEntryOf(row, directory.id));
        continue;
      }
      const name = splitVersionKey(row.key)?.name ?? row.key;
      // Only of the first name can there be newer versions before the page.
      const latest = name !== seen && (entries.length > 0 || (await isLatest(source, row)));
      seen = name;
      entries.push(versionEntry(row, directory.id, latest));
    }
  return { entries };
}
