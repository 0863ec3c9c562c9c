import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { identityOf, openRecord } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import { readMoves } from './moves-register.js';

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

/**
 * Whether a directory record is left over: its directory is dead or has moved on. The record of an arriving directory
 * looks just the same until the directory is relinked, so the register of moves is asked, and the link once more
 * after that, because the move may have ended in between. A link once given up never comes back.
 */
export async function isLeftOver(context: VaultContext, parent: Directory, row: Row): Promise<boolean> {
  if ((await linked(context, parent, row, performance.now())) !== undefined) return false;
  const { move } = await readMoves(context);
  if (move !== undefined && sameBytes(move.child.uid, linkOf(row).uid)) return false;
  return (await linked(context, parent, row, performance.now())) === undefined;
}

/**
 * Whether no directory stands, or is about to arrive, under `name`. Drops a record that is left over, so that what
 * is put under the name stands alone.
 */
export async function vacate(
  context: VaultContext,
  parent: Directory,
  transaction: Transaction,
  name: string,
): Promise<boolean> {
  const row = await transaction.get(directoryKey(name));
  if (row === undefined) return true;
  if (!(await isLeftOver(context, parent, row))) return false;
  await transaction.remove(row.key);
  return true;
}
