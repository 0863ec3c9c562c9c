import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { identityOf, openRecord } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import { endAbandonedMove, isHeldBy, type Move, mayArrive, readMoves } from './moves-register.js';

/** The child of a directory record, if the record's link is the one that the child knows. */
export async function linked(
  context: VaultContext,
  parent: Directory,
  row: Row,
  since: number,
): Promise<Directory | undefined> {
  const identity = identityOf(openRecord(context, parent, row));
  const child = context.directories.of(identity);
  const head = await child.head(since);
  return head.state === 'live' && sameBytes(head.linkId, identity.linkId) ? child : undefined;
}

/** How a directory record leads to its directory. Throws `damaged` when it does not say. */
export function linkOf(row: Pick<Row, 'listing'>): { readonly uid: Uint8Array; readonly linkId: Uint8Array } {
  const { directory } = listingOf(row);
  if (directory === undefined) throw new VaultError('damaged', 'the record of a directory has no keys');
  return directory;
}

/** A directory is perhaps just arriving at a name that is needed for something else. */
export class Arriving extends VaultError {
  constructor() {
    super('conflict', 'a directory is just arriving, or was left on its way, under that name');
  }
}

/**
 * What a directory record stands for: a directory, nothing any more, or (`busy`) perhaps one that is just arriving, which
 * looks the same as nothing. Only the order record, `m`, child is safe: when `m` does not name the directory after the
 * record was read, nobody can give the child the record's link id any more. To `holder`, a mover, nobody else's directory
 * can arrive as long as `m` is its own, because it has fenced all others; a slow one may have lost it.
 */
export async function standing(
  context: VaultContext,
  parent: Directory,
  row: Row,
  holder?: Move,
): Promise<'live' | 'stale' | 'busy'> {
  if ((await linked(context, parent, row, performance.now())) !== undefined) return 'live';
  const moves = await readMoves(context);
  if ((await linked(context, parent, row, performance.now())) !== undefined) return 'live';
  const { uid } = linkOf(row);
  const own = holder !== undefined && isHeldBy(moves, holder);
  return !own && mayArrive(moves, uid) ? 'busy' : 'stale';
}

/**
 * Drops the record of a directory that leads nowhere and bears the name of a file that is put beside it. A directory that
 * stands, or may be arriving, stays: objects and directories of one name do not touch each other (docs/adr/0602).
 */
export async function dropLeftOver(
  context: VaultContext,
  parent: Directory,
  transaction: Transaction,
  name: string,
): Promise<void> {
  const row = await transaction.get(directoryKey(name));
  if (row !== undefined && (await standing(context, parent, row)) === 'stale')
    await transaction.remove(row.key);
}

/**
 * Whether no directory stands under `name`. Drops a record that leads nowhere, so that what is put under the name stands
 * alone. Throws {@link Arriving} when it may still come to lead somewhere.
 */
export async function vacate(
  context: VaultContext,
  parent: Directory,
  transaction: Transaction,
  name: string,
  holder?: Move,
): Promise<boolean> {
  const row = await transaction.get(directoryKey(name));
  if (row === undefined) return true;
  const stands = await standing(context, parent, row, holder);
  if (stands === 'live') return false;
  if (stands === 'busy') {
    // Not here, where a commit waits: its directory may be one of those to fence.
    void endAbandonedMove(context).catch(() => undefined);
    throw new Arriving();
  }
  await transaction.remove(row.key);
  return true;
}
