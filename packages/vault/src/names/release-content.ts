import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import type { Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { openRecord } from '../record/build.js';

/** Notes that what a record held is no longer needed here. */
export async function releaseContent(
  context: VaultContext,
  directory: Directory,
  transaction: Transaction,
  row: Row,
  kept: ReadonlyMap<string, Uint8Array> = new Map(),
): Promise<void> {
  const { content } = openRecord(context, directory, row);
  const blobs = await contentBlobs(context, content);
  const dropped = [...blobs].filter(([name]) => !kept.has(name)).map(([, blob]) => blob);
  transaction.release(dropped, content.shared ? 'shared' : 'unshared');
}
