import type { ContentFields, PageRef } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import { type Directory, HeadMissing } from '../directory/directory.js';
import { readSpilled } from '../directory/releases.js';
import { listingOf } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { openRecord } from '../record/build.js';
import { linked, linkOf } from './link.js';

/** Blobs deleted in one go while a dead subtree is swept. */
const BATCH = 256;

/** Schedules the sweep of a directory that has just been killed, once its readers' grace is over. */
export function sweepDead(context: VaultContext, dead: Directory): void {
  // Not the directory itself, which holds its head.
  const identity = dead.keys;
  context.sweeper.afterGrace(() => sweepSubtree(context, context.directories.of(identity)));
}

/**
 * Deletes what a dead directory holds and nothing else can refer to, children before parents, so that a sweep that stops
 * half-way can be taken up again. Every subdirectory is killed before its content goes, so that nothing can be moved out
 * of it or written into it. Heads are left to gc: a record somewhere may still name one, and a dead head is an answer where
 * a missing one is damage. Shared segments are left to gc as well, and with them the pages and lists that name them,
 * because whoever took such a file out of the tree may still be carrying it; a `last` sweep, after a day, spares neither.
 */
export async function sweepSubtree(
  context: VaultContext,
  dead: Directory,
  how: 'first' | 'last' = 'first',
): Promise<void> {
  const head = await dead.head(performance.now());
  if (head.state !== 'dead') return;
  let shares = false;
  let doomed: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const batch = doomed;
    doomed = [];
    await context.sweeper.remove(batch);
  };
  try {
    for await (const rows of dead.tree(head).scan()) {
      for (const row of rows) {
        if (listingOf(row).kind === 'directory') {
          const child = await linked(context, dead, row, performance.now()).catch(unlessMissing);
          if (child === undefined) continue;
          if (await killLinked(child, linkOf(row).linkId)) await sweepSubtree(context, child);
          continue;
        }
        const { content } = openRecord(context, dead, row);
        if (content.shared) shares = true;
        else doomed.push(...(await blobsLeft(context, content)));
        if (doomed.length >= BATCH) await flush();
      }
    }
  } catch (error) {
    // Pages go after all that they lead to: a missing one says that an earlier sweep came as far as that.
    if (!isGone(error)) throw error;
  }
  if (!shares || how === 'last') doomed.push(...(await treeBlobs(context, dead, head.tree, head.level)));
  for (const note of head.releases) {
    if (note.kind === 'unshared') doomed.push(...note.blobs);
    if (note.kind !== 'spilled') continue;
    for (const blob of note.blobs) {
      const inside = await readSpilled(context, dead, blob);
      for (const inner of inside) if (inner.kind === 'unshared') doomed.push(...inner.blobs);
      if (how === 'last' || inside.every(({ kind }) => kind === 'unshared')) doomed.push(blob);
    }
  }
  await flush();
}

/** Kills a directory unless it has just been moved away. */
async function killLinked(child: Directory, linkId: Uint8Array): Promise<boolean> {
  return child.commits.submit({
    reclaims: true,
    evenDead: true,
    apply: async (transaction) => {
      if (!sameBytes(transaction.linkId, linkId)) return false;
      transaction.die();
      return true;
    },
  });
}

/** What a record holds, as far as an earlier sweep has left it readable; gc finds the rest. */
async function blobsLeft(context: VaultContext, content: ContentFields): Promise<Uint8Array[]> {
  try {
    return [...(await contentBlobs(context, content)).values()];
  } catch (error) {
    if (!isGone(error)) throw error;
    return [];
  }
}

/** Of a directory in a dead one gc may have deleted the head already. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof HeadMissing)) throw error;
}

function isGone(error: unknown): boolean {
  return error instanceof VaultError && error.code === 'stale';
}

async function treeBlobs(
  context: VaultContext,
  directory: Directory,
  refs: readonly PageRef[],
  level: number,
): Promise<Uint8Array[]> {
  const blobs: Uint8Array[] = [];
  if (level === 0) return blobs;
  for (const ref of refs) {
    blobs.push(ref.blob);
    if (level === 1) continue;
    const page = await context.pages.load(directory.keys, ref).catch((error: unknown) => {
      if (!isGone(error)) throw error;
    });
    if (page !== undefined) blobs.push(...(await treeBlobs(context, directory, page.refs, level - 1)));
  }
  return blobs;
}
