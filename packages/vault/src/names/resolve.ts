import type { Head } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import type { Row } from '../directory/rows.js';
import { DirectoryGone } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { ANCESTOR_AGE_MS } from '../limits.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { linked } from './link.js';
import { visitMark } from './marks.js';
import { checkPath, notFound, show, splitPath } from './path.js';
import { cleanStale } from './stale.js';

/** How often an operation resolves its path anew because a directory on it was removed or moved under it. */
const RETRIES = 16;

/** A directory, its head at a moment not before the operation began, and the directories above it from the root on. */
export interface Found {
  readonly directory: Directory;
  readonly head: Head;
  readonly chain: readonly Directory[];
}

/**
 * Walks a path. For a read, ancestors may be a second old; a write, and any walk that fails, proves every head on
 * the way to be the newest.
 */
export async function resolveDirectory(
  context: VaultContext,
  path: Path,
  purpose: 'read' | 'write',
): Promise<Found> {
  checkPath(path);
  const since = performance.now();
  if (purpose === 'read') {
    try {
      return await walk(context, path, since - ANCESTOR_AGE_MS, since, false);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
    }
  }
  return walk(context, path, since, since, true);
}

async function walk(
  context: VaultContext,
  path: Path,
  ancestors: number,
  since: number,
  clean: boolean,
): Promise<Found> {
  let directory = context.directories.of(context.rootIdentity);
  const chain = [directory];
  for (const [depth, name] of path.entries()) {
    const child = await childDirectory(context, directory, name, ancestors, clean);
    if (child === 'file')
      throw new VaultError('not-a-directory', `not a directory: ${show(path.slice(0, depth + 1))}`);
    if (child === undefined) throw notFound(path.slice(0, depth + 1));
    directory = child;
    chain.push(directory);
  }
  const head = await directory.head(since);
  if (head.state === 'dead') throw notFound(path);
  return { directory, head, chain };
}

/** The directory that `name` leads to; a record that another directory has taken over leads nowhere. */
export async function childDirectory(
  context: VaultContext,
  parent: Directory,
  name: string,
  since: number,
  clean: boolean,
): Promise<Directory | 'file' | undefined> {
  const tree = parent.tree(await parent.head(since));
  const row = await tree.get(directoryKey(name));
  if (row === undefined) return (await tree.get(name)) === undefined ? undefined : 'file';
  const child = await linked(context, parent, row, since);
  if (child === undefined && clean) void cleanStale(context, parent, row);
  return child;
}

/**
 * Runs `work` on the directory that holds the last name of `path`, and again on the newly resolved one when that
 * directory is removed meanwhile.
 */
export async function inParent<T>(
  context: VaultContext,
  path: Path,
  work: (parent: Found, name: string) => Promise<T>,
): Promise<T> {
  const { parent, name } = splitPath(path);
  for (let attempt = 0; ; attempt++) {
    const found = await resolveDirectory(context, parent, 'write');
    try {
      return await work(found, name);
    } catch (error) {
      if (!(error instanceof DirectoryGone) || attempt >= RETRIES) throw error;
    }
  }
}

/** The row of the last name of `path`, with its parent. `first`: which of a directory and a file that bear the name. */
export async function lookUp(
  context: VaultContext,
  path: Path,
  first: 'directory' | 'file' = 'directory',
): Promise<{ parent: Directory; row: Row }> {
  const { parent, name } = splitPath(path);
  const found = await resolveDirectory(context, parent, 'read');
  const tree = found.directory.tree(found.head);
  const fileRow = first === 'file' ? await tree.get(name) : undefined;
  if (fileRow !== undefined) {
    visitMark(context, found.directory, fileRow);
    return { parent: found.directory, row: fileRow };
  }
  const directoryRow = await tree.get(directoryKey(name));
  if (directoryRow !== undefined) {
    // One look at the child's head: a record left behind by a move must not be shown.
    const child = await linked(context, found.directory, directoryRow, performance.now());
    if (child !== undefined) return { parent: found.directory, row: directoryRow };
    void cleanStale(context, found.directory, directoryRow);
  }
  const row = await tree.get(name);
  if (row === undefined) throw notFound(path);
  visitMark(context, found.directory, row);
  return { parent: found.directory, row };
}
