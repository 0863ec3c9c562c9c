import type { VaultContext } from '../context.js';
import type { Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { openForReading } from '../files/open.js';
import { notFound } from '../names/path.js';
import { lookUp, resolveDirectory } from '../names/resolve.js';
import { hidden } from '../names/staging.js';
import type { ObjectEntry, ObjectListOptions, ObjectPage, ObjectReader } from '../object-session.js';
import { openRecord } from '../record/build.js';
import { nameOf } from '../record/entry.js';
import type { Path } from '../session.js';
import { scanCurrent } from '../versions/scan.js';
import { objectEntry, objectEntryOf } from './entry.js';
import { readerOf } from './reader.js';

const PAGE_ENTRIES = 1000;

export async function statObject(
  context: VaultContext,
  path: Path,
  first: 'directory' | 'file',
): Promise<ObjectEntry> {
  const { parent, row } = await lookUp(context, path, first);
  const entry = objectEntry(nameOf(row.key), openRecord(context, parent, row), parent.id);
  if (entry.draft) throw notFound(path);
  return entry;
}

export async function openObject(context: VaultContext, path: Path): Promise<ObjectReader> {
  const handle = await openForReading(context, path, 'file');
  const { directory, fields } = handle.opened;
  if (fields.listing.draftOnly) {
    await handle.close();
    throw notFound(path);
  }
  const entry = objectEntry(path.at(-1) ?? '', fields, directory.id);
  return readerOf(handle, entry);
}

export async function listObjects(
  context: VaultContext,
  path: Path,
  options: ObjectListOptions,
): Promise<ObjectPage> {
  const limit = options.limit ?? PAGE_ENTRIES;
  if (!(limit >= 1)) throw new VaultError('invalid-argument', 'a page of a listing has at least one entry');
  const { directory, head } = await resolveDirectory(context, path, 'read');
  const { from, after } = options;
  const bounds = { ...(from === undefined ? {} : { from }), ...(after === undefined ? {} : { after }) };
  const rows: Row[] = [];
  for await (const page of scanCurrent(directory.tree(head), bounds)) {
    for (const row of page) {
      if (!hidden(path, row.key)) rows.push(row);
      if (rows.length > limit) break;
    }
    if (rows.length > limit) break;
  }
  const entries = rows.slice(0, limit).map((row) => objectEntryOf(row, directory.id));
  return rows.length > limit ? { entries, next: (rows[limit - 1] as Row).key } : { entries };
}
