import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf } from '../directory/rows.js';
import { DirectoryGone, type Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { linked } from '../names/link.js';
import { show } from '../names/path.js';
import { nameOf } from '../record/entry.js';
import type { Path } from '../session.js';
import { bucketRow } from './keeping.js';
import { refuseLocked } from './locks.js';

/**
 * Whether versions can be locked in `top`, the directory at the top that `path` has led through or to. Throws
 * {@link DirectoryGone} when another has its name by now: what is kept there says nothing about this one.
 */
export async function hasLocks(context: VaultContext, path: Path, top: Directory): Promise<boolean> {
  const row = await bucketRow(context, path[0] as string);
  const link = row === undefined ? undefined : listingOf(row).directory;
  if (link === undefined || !sameBytes(link.uid, top.keys.uid)) throw new DirectoryGone();
  return link.keeping?.locks === true;
}

/** Removes one directory, which then is empty but for files. */
export type RemoveDirectory = (
  parent: Directory,
  name: string,
  child: Directory,
  path: Path,
  guard: (transaction: Transaction) => Promise<void>,
) => Promise<void>;

/**
 * Removes a directory with all that is in it, where versions can be locked: from the bottom up, each directory in a swap that
 * has looked at every version in it, so that no lock is overtaken. Throws {@link Locked} before anything is removed when
 * there is a lock; when one is set meanwhile, what has been passed is gone, and what it is on stays.
 */
export async function removeUnlocked(
  context: VaultContext,
  parent: Directory,
  name: string,
  child: Directory,
  path: Path,
  remove: RemoveDirectory,
): Promise<void> {
  await eachBelow(context, child, path, async () => undefined);
  await eachBelow(context, child, path, (above, below, at) => removeOne(context, above, below, at, remove));
  await remove(parent, name, child, path, (transaction) => guard(context, child, transaction, path));
}

function removeOne(
  context: VaultContext,
  above: Directory,
  below: Directory,
  at: Path,
  remove: RemoveDirectory,
): Promise<void> {
  const check = (transaction: Transaction): Promise<void> => guard(context, below, transaction, at);
  return remove(above, at.at(-1) as string, below, at, check);
}

/** Throws for a lock; calls `work` for every directory below, after what is in it. */
async function eachBelow(
  context: VaultContext,
  directory: Directory,
  path: Path,
  work: (above: Directory, below: Directory, at: Path) => Promise<void>,
): Promise<void> {
  const head = await directory.head(performance.now());
  for await (const rows of directory.tree(head).scan())
    for (const row of rows) {
      const at = [...path, nameOf(row.key)];
      const listing = listingOf(row);
      if (listing.kind !== 'directory') {
        refuseLocked(show(at), listing);
        continue;
      }
      const below = await linked(context, directory, row, performance.now());
      if (below === undefined) continue;
      await eachBelow(context, below, at, work);
      await work(directory, below, at);
    }
}

/** Runs in the swap that removes a directory. */
async function guard(
  context: VaultContext,
  directory: Directory,
  transaction: Transaction,
  path: Path,
): Promise<void> {
  for await (const row of transaction.below('')) {
    const listing = listingOf(row);
    if (listing.kind !== 'directory') refuseLocked(show([...path, nameOf(row.key)]), listing);
    else if ((await linked(context, directory, row, performance.now())) !== undefined)
      throw new VaultError('conflict', `a directory was made in one that is being removed: ${show(path)}`);
  }
}

/** Where a directory is, or is to be, with what leads there from the root on. */
export interface Standing {
  readonly path: Path;
  readonly chain: readonly Directory[];
}

/**
 * Throws `read-only` for a directory that would leave the one at the top whose locks it may hold, and {@link DirectoryGone} as
 * {@link hasLocks} does.
 */
export async function refuseLeaving(
  context: VaultContext,
  child: Directory,
  from: Standing,
  to: Standing,
): Promise<void> {
  const top = from.chain[1];
  if (top === undefined ? to.path.length === 1 : top.id === to.chain[1]?.id) return;
  if (await hasLocks(context, from.path, top ?? child))
    throw new VaultError('read-only', `directories stay where versions can be locked: ${show(from.path)}`);
}
