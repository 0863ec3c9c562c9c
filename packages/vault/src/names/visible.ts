import { compareKeys, type Head } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import { directoryKey, nameOf } from '../record/entry.js';
import type { Path } from '../session.js';
import { linked } from './link.js';
import { hidden } from './staging.js';

interface Listed {
  readonly directory: Directory;
  readonly head: Head;
  readonly path: Path;
}

/**
 * What file protocols see of a stretch of a directory's rows: nothing without a name, and of a file and a directory that
 * bear the same one the directory (docs/adr/0602).
 */
export async function visible(
  context: VaultContext,
  listed: Listed,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const shown: Row[] = [];
  for (const [index, row] of rows.entries()) {
    if (hidden(listed.path, row.key) || nameOf(row.key) === '') continue;
    if (!(await isCovered(context, listed, row, rows[index + 1]))) shown.push(row);
  }
  return shown;
}

/** Whether a directory of the same name stands beside a file. The key of one comes behind the file's, rarely at once. */
async function isCovered(
  context: VaultContext,
  { directory, head }: Listed,
  row: Row,
  next: Row | undefined,
): Promise<boolean> {
  if (head.counters.directories === 0 || listingOf(row).kind === 'directory') return false;
  const key = directoryKey(row.key);
  if (next !== undefined && compareKeys(next.key, key) > 0) return false;
  const beside = next?.key === key ? next : await directory.tree(head).get(key);
  if (beside === undefined) return false;
  // Where it leads cannot be read: then both are shown, so that a directory that is damaged hides nothing.
  const child = await linked(context, directory, beside, performance.now()).catch(() => undefined);
  return child !== undefined;
}
