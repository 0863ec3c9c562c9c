import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf } from '../directory/rows.js';
import { DirectoryGone, type Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { retire } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { hasLocks, removeUnlocked } from '../versions/remove-unlocked.js';
import { sweepDead } from './dead-subtree.js';
import { Arriving, linkOf, standing } from './link.js';
import { notFound, show } from './path.js';
import { childDirectory, inParent, resolveDirectory } from './resolve.js';
import { cleanStale } from './stale.js';

export async function removeEntry(context: VaultContext, path: Path, recursive: boolean): Promise<void> {
  await inParent(context, path, async ({ directory, chain }, name) => {
    const child = await childDirectory(context, directory, name, performance.now(), true);
    if (child instanceof Object) {
      if (!recursive) throw new VaultError('is-a-directory', `is a directory: ${show(path)}`);
      if (await hasLocks(context, path, chain[1] ?? child)) {
        await removeUnlocked(
          context,
          directory,
          name,
          child,
          path,
          async (parent, at, below, full, guard) => {
            await kill(parent, at, below, full, true, guard);
            await dropDirectoryRecord(parent, at, below);
            sweepDead(context, below);
          },
        );
        return;
      }
      await kill(directory, name, child, path, true, () => stayUnlocked(context, directory, child, path));
      await dropDirectoryRecord(directory, name, child);
      sweepDead(context, child);
      return;
    }
    await directory.commits.submit({
      reclaims: true,
      apply: async (transaction) => {
        const row = await transaction.get(name);
        if (row === undefined) throw notFound(path);
        const keeping = await keepingOf(context, path);
        await retire({ context, directory, transaction, name, keeping });
      },
    });
  });
}

export async function removeDirectory(context: VaultContext, path: Path): Promise<void> {
  await inParent(context, path, async ({ directory }, name) => {
    const child = await childDirectory(context, directory, name, performance.now(), true);
    if (child === undefined) throw notFound(path);
    if (child === 'file') throw new VaultError('not-a-directory', `not a directory: ${show(path)}`);
    await killEmpty(context, directory, name, child, path);
    await dropDirectoryRecord(directory, name, child);
    sweepDead(context, child);
  });
}

/** Kills an empty directory. Records that lead nowhere are cleaned away first, so that they do not keep it alive. */
export async function killEmpty(
  context: VaultContext,
  parent: Directory,
  name: string,
  child: Directory,
  path: Path,
): Promise<void> {
  const head = await child.head(performance.now());
  if (head.counters.directories > 0 && head.counters.files === 0 && head.counters.directories < 64) {
    for await (const rows of child.tree(head).scan()) {
      for (const row of rows) {
        if (listingOf(row).kind !== 'directory') continue;
        const below = await childDirectory(context, child, row.key.slice(0, -1), performance.now(), false);
        if (below !== undefined) throw notEmpty(path);
        if (await cleanStale(context, child, row)) continue;
        throw (await standing(context, child, row)) === 'busy' ? new Arriving() : notEmpty(path);
      }
    }
  }
  await kill(parent, name, child, path, false);
}

/** The directory is no longer under the name that it was found under: resolve the path again. */
class DirectoryMoved extends DirectoryGone {}

/** Throws when a directory that was found where nothing can be locked has come to where something can. */
async function stayUnlocked(
  context: VaultContext,
  parent: Directory,
  child: Directory,
  path: Path,
): Promise<void> {
  const { directory, chain } = await resolveDirectory(context, path.slice(0, -1), 'write');
  if (directory.id !== parent.id || (await hasLocks(context, path, chain[1] ?? child)))
    throw new DirectoryMoved();
}

/** One swap to dead: from then on nothing can be put into the directory, and whatever is in it is gone. */
async function kill(
  parent: Directory,
  name: string,
  child: Directory,
  path: Path,
  recursive: boolean,
  guard?: (transaction: Transaction) => Promise<void>,
): Promise<void> {
  try {
    await child.commits.submit({
      reclaims: true,
      apply: async (transaction) => {
        // What has been moved away since the path was resolved is out of reach.
        const row = await parent.tree(await parent.head(performance.now())).get(directoryKey(name));
        if (row === undefined || !sameBytes(linkOf(row).linkId, transaction.linkId))
          throw new DirectoryMoved();
        if (!recursive && !transaction.empty) throw notEmpty(path);
        await guard?.(transaction);
        transaction.die();
      },
    });
  } catch (error) {
    // Somebody else removed it first; its record is theirs to drop, or ours.
    if (error instanceof DirectoryGone && !(error instanceof DirectoryMoved)) return;
    throw error;
  }
}

/** Drops the record of a directory that is dead, unless the name has been given to something else meanwhile. */
async function dropDirectoryRecord(parent: Directory, name: string, child: Directory): Promise<void> {
  const key = directoryKey(name);
  await parent.commits.submit({
    reclaims: true,
    apply: async (transaction) => {
      const row = await transaction.get(key);
      const fields = row === undefined ? undefined : listingOf(row);
      if (fields?.directory !== undefined && sameBytes(fields.directory.uid, child.keys.uid))
        await transaction.remove(key);
    },
  });
}

function notEmpty(path: Path): VaultError {
  return new VaultError('not-empty', `directory not empty: ${show(path)}`);
}
