import { type Head, type MoveMark, openMark, sealMark } from '@latchkey/encryption';
import { sameBytes, toHex } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { type Directory, HeadMissing } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import { CARRY_MS, HEAD_OPERATIONS } from '../limits.js';
import { buildRecord, openRecord } from '../record/build.js';
import type { Path } from '../session.js';
import { retire } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';

/*
 * Marks of file moves (docs/concurrency.md, rule 7). A mover that dies between its commits leaves the file in two places,
 * or a mark in one; whoever meets the mark can tell from the target's head which it is, and finishes the move.
 */

/** A mark that was looked at is not looked at again for this many milliseconds. */
const VISIT_AGAIN_MS = 10_000;
const REMEMBERED_VISITS = 1000;

/** The mark for a file in `source` that is about to move to the directory with this `head`. */
export function markFor(
  context: VaultContext,
  source: { readonly directory: Directory; readonly name: string },
  target: { readonly directory: Directory; readonly head: Head },
  operation: Uint8Array,
): Uint8Array {
  const { uid, generation, readSecret } = target.directory.keys;
  const newest = target.head.operations.at(-1);
  const mark: MoveMark = {
    operation,
    target: { uid, generation, readSecret: readSecret as Uint8Array },
    ...(newest === undefined ? {} : { newest }),
  };
  const place = { uid: source.directory.keys.uid, key: source.name };
  return sealMark(context.provider, context.vaultId, context.keys.movesKey, place, mark);
}

/**
 * Ends a move: the source goes, or only its mark. Any record but the very one that was marked stays as it is. `shared`
 * stays in any case, because the mover may yet put the segments down in the target. `path`: of the source, whose old versions
 * may have to be kept; nothing is marked where they are.
 */
export async function settleMark(
  context: VaultContext,
  directory: Directory,
  name: string,
  marked: Uint8Array,
  verdict: 'moved' | 'stays',
  path?: Path,
): Promise<void> {
  await directory.commits.submit({
    evenDead: true,
    reclaims: true,
    apply: async (transaction) => {
      const row = await transaction.get(name);
      if (row === undefined || !sameBytes(row.sealed().signature, marked)) return;
      if (verdict === 'stays') {
        await transaction.put(buildRecord(context, directory, name, openRecord(context, directory, row)));
        return;
      }
      const keeping = path === undefined ? undefined : await keepingOf(context, path);
      // The note makes a gc that has read the target already, and not yet the source, spare the segments.
      await retire({ context, directory, transaction, name, keeping });
    },
  });
}

const visits = new WeakMap<VaultContext, Map<string, number>>();

/** Finishes, in the background, the move that a record is marked with. Costs nothing when it bears no mark. */
export function visitMark(context: VaultContext, directory: Directory, row: Row): void {
  const { mark } = listingOf(row);
  if (mark === undefined) return;
  let seen = visits.get(context);
  if (seen === undefined) {
    seen = new Map();
    visits.set(context, seen);
  }
  const name = toHex(mark.subarray(0, 32));
  const now = performance.now();
  if (now - (seen.get(name) ?? Number.NEGATIVE_INFINITY) < VISIT_AGAIN_MS) return;
  seen.delete(name);
  seen.set(name, now);
  if (seen.size > REMEMBERED_VISITS) seen.delete(seen.keys().next().value as string);
  context.sweeper.background(() => healMark(context, directory, row));
}

/** Finishes the move that a record is marked with, as far as the target's head shows how it ended. Never rejects. */
export async function healMark(context: VaultContext, directory: Directory, row: Row): Promise<void> {
  try {
    const { mark: sealed, signedAt } = listingOf(row);
    if (sealed === undefined) return;
    openRecord(context, directory, row);
    const { provider, vaultId, keys } = context;
    const place = { uid: directory.keys.uid, key: row.key };
    const verdict = await judge(context, openMark(provider, vaultId, keys.movesKey, place, sealed));
    if (verdict === 'unknown') return;
    // Until then its mover may be alive, and would leave a copy.
    if (verdict === 'stays' && Date.now() - signedAt * 1000 <= CARRY_MS) return;
    await settleMark(context, directory, row.key, row.sealed().signature, verdict);
  } catch {
    // Left to a later visitor.
  }
}

/** Whether the target has taken the file in. That it has not is certain only while its list reaches back far enough. */
async function judge(context: VaultContext, mark: MoveMark): Promise<'moved' | 'stays' | 'unknown'> {
  let head: Head;
  try {
    head = await context.directories.of(mark.target).head(performance.now());
  } catch (error) {
    // Removed a day ago or more: nothing can arrive there any more.
    if (error instanceof HeadMissing) return 'stays';
    throw error;
  }
  const lists = (id: Uint8Array): boolean => head.operations.some((one) => sameBytes(one, id));
  if (lists(mark.operation)) return 'moved';
  const reachesBack =
    mark.newest === undefined ? head.operations.length < HEAD_OPERATIONS : lists(mark.newest);
  return reachesBack ? 'stays' : 'unknown';
}
