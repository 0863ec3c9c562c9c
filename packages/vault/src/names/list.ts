import type { VaultContext } from '../context.js';
import type { Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { freshListing } from '../record/build.js';
import { describe, entryOf } from '../record/entry.js';
import type { Entry, ListPage, Path } from '../session.js';
import { scanCurrent } from '../versions/scan.js';
import { visitMark } from './marks.js';
import { lookUp, resolveDirectory } from './resolve.js';
import { visible } from './visible.js';

const PAGE_ENTRIES = 1000;
/** How often a listing looks for the newest version without getting any further. */
const RETRIES = 4;

export async function listPage(
  context: VaultContext,
  path: Path,
  options: { after?: string; limit?: number },
): Promise<ListPage> {
  const limit = options.limit ?? PAGE_ENTRIES;
  if (!(limit >= 1)) throw new VaultError('invalid-argument', 'a page of a listing has at least one entry');
  const { directory, head } = await resolveDirectory(context, path, 'read');
  const rows: Row[] = [];
  const after = options.after === undefined ? {} : { after: options.after };
  for await (const page of scanCurrent(directory.tree(head), after)) {
    const shown = await visible(context, { directory, head, path }, page);
    rows.push(...shown.slice(0, limit + 1 - rows.length));
    if (rows.length > limit) break;
  }
  const entries = rows.slice(0, limit).map((row) => {
    visitMark(context, directory, row);
    return entryOf(row, directory.id);
  });
  return rows.length > limit ? { entries, next: (rows[limit - 1] as Row).key } : { entries };
}

/**
 * One version of a directory, page by page: what changes meanwhile is not seen. A listing that is read so slowly that
 * pages of its version have been deleted goes on in the newest one, after the last name that it gave.
 */
export async function* listAll(context: VaultContext, path: Path): AsyncGenerator<Entry> {
  let after: string | undefined;
  for (let attempt = 1; ; attempt++) {
    const { directory, head } = await resolveDirectory(context, path, 'read');
    try {
      for await (const rows of scanCurrent(directory.tree(head), after === undefined ? {} : { after })) {
        for (const row of await visible(context, { directory, head, path }, rows)) {
          after = row.key;
          attempt = 0;
          visitMark(context, directory, row);
          yield entryOf(row, directory.id);
        }
      }
      return;
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== 'stale' || attempt >= RETRIES) throw error;
    }
  }
}

export async function statEntry(context: VaultContext, path: Path): Promise<Entry> {
  if (path.length === 0) {
    await resolveDirectory(context, path, 'read');
    const created = { seconds: 0, nanoseconds: 0 };
    return describe('', { ...freshListing('directory', { modified: created }), created }, '');
  }
  const { parent, row } = await lookUp(context, path);
  return entryOf(row, parent.id);
}
