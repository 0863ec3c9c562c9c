import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf } from '../directory/rows.js';
import { DirectoryGone } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { buildRecord, identityOf, openRecord } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import { refuseLeaving } from '../versions/remove-unlocked.js';
import { linked } from './link.js';
import { escrowOf } from './make-directory.js';
import { fence, holdMoves, type Move, RelinkInDoubt, stillHeld } from './moves-register.js';
import { notFound } from './path.js';
import { clearTarget, type Place } from './place.js';
import { resolveDirectory } from './resolve.js';

/**
 * Moves a directory to another parent (docs/concurrency.md, rule 6). The record arrives in the target first and
 * leads nowhere; swapping the child's link id *is* the move; the record that is left behind leads nowhere from then
 * on. Moves take turns, so that no two of them can make a cycle.
 */
export async function moveDirectory(
  context: VaultContext,
  from: Place,
  to: Place,
  child: Directory,
  killed: Directory | undefined,
): Promise<void> {
  const { uid, generation, readSecret } = child.keys;
  const id = context.provider.randomBytes(16);
  const move: Move = { id, child: { uid, generation, readSecret: readSecret as Uint8Array } };
  await holdMoves(context, move, async () => {
    const target = await resolveDirectory(context, to.path.slice(0, -1), 'write');
    if (target.directory.id !== to.directory.id) throw notFound(to.path.slice(0, -1));
    // Nothing else moves now: what is found to be in one directory at the top does not come to another.
    const above = await resolveDirectory(context, from.path.slice(0, -1), 'write');
    if (above.directory.id !== from.directory.id) throw new DirectoryGone();
    await refuseLeaving(
      context,
      child,
      { path: from.path, chain: above.chain },
      { path: to.path, chain: target.chain },
    );
    if (target.chain.some((one) => one.id === child.id)) {
      throw new VaultError('invalid-argument', 'a directory cannot be moved into itself');
    }
    const source = from.directory.tree(await from.directory.head(performance.now()));
    const row = await source.get(directoryKey(from.name));
    const still =
      row === undefined ? undefined : await linked(context, from.directory, row, performance.now());
    if (row === undefined || still?.id !== child.id) throw notFound(from.path);
    const old = openRecord(context, from.directory, row);
    const oldLink = identityOf(old).linkId;
    const newLink = context.provider.randomBytes(16);
    const listing = {
      ...old.listing,
      directory: { ...(old.listing.directory as NonNullable<typeof old.listing.directory>), linkId: newLink },
    };
    await to.directory.commits.submit({
      operation: id,
      apply: async (transaction) => {
        await clearTarget(context, transaction, to, directoryKey(to.name), killed, false, move);
        await transaction.put(
          buildRecord(context, to.directory, directoryKey(to.name), { listing, content: old.content }),
        );
      },
    });
    const escrow = escrowOf(context, move.child, to.directory.keys.uid, to.name);
    try {
      await relink(context, child, move, { oldLink, newLink, escrow });
    } catch (error) {
      if (!(await isRelinkedAfterAll(context, move, newLink))) {
        await dropRecord(to.directory, directoryKey(to.name), newLink).catch(() => undefined);
        throw error;
      }
    }
    await dropRecord(from.directory, row.key, oldLink);
  });
}

/**
 * Before the arriving record is taken back, a swap of our own that is still on its way must have become impossible. While
 * that is not certain the register stays ours, so that nobody else takes the record away either.
 */
async function isRelinkedAfterAll(context: VaultContext, move: Move, newLink: Uint8Array): Promise<boolean> {
  try {
    const linkId = await fence(context, move.child);
    return linkId !== undefined && sameBytes(linkId, newLink);
  } catch (error) {
    throw new RelinkInDoubt('unavailable', 'it is not known whether the directory has been moved', {
      cause: error,
    });
  }
}

/** The head is read before the register of moves is asked, so that a successor's fence makes the swap fail. */
async function relink(
  context: VaultContext,
  child: Directory,
  move: Move,
  to: { readonly oldLink: Uint8Array; readonly newLink: Uint8Array; readonly escrow: Uint8Array },
): Promise<void> {
  try {
    await child.commits.submit({
      apply: async (transaction) => {
        if (!sameBytes(transaction.linkId, to.oldLink))
          throw new VaultError('not-found', 'the directory has been moved by others');
        if (!(await stillHeld(context, move)))
          throw new VaultError(
            'conflict',
            'the move took so long that another one was let through; nothing was moved',
          );
        transaction.relink(to.newLink, to.escrow);
      },
    });
  } catch (error) {
    if (error instanceof DirectoryGone) throw new VaultError('not-found', 'the directory has been removed');
    throw error;
  }
}

async function dropRecord(parent: Directory, key: string, linkId: Uint8Array): Promise<void> {
  await parent.commits.submit({
    evenDead: true,
    reclaims: true,
    apply: async (transaction) => {
      const row = await transaction.get(key);
      const directory = row === undefined ? undefined : listingOf(row).directory;
      if (directory !== undefined && sameBytes(directory.linkId, linkId)) await transaction.remove(key);
    },
  });
}
