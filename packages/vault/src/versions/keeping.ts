import type { Keeping } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { listingOf, type Row } from '../directory/rows.js';
import { ANCESTOR_AGE_MS } from '../limits.js';
import { directoryKey, entryOf } from '../record/entry.js';
import type { Path } from '../session.js';
import type { BucketInfo } from '../version-session.js';

/**
 * What is kept of what is replaced or removed at `path`: the directory at the top of the path says so. Undefined: nothing, as
 * at the root itself. Up to a second old, like every ancestor of a read.
 */
export async function keepingOf(context: VaultContext, path: Path): Promise<Keeping | undefined> {
  return path.length < 2 ? undefined : bucketKeeping(context, path[0] as string);
}

/** What the directory of that name at the top keeps. */
export async function bucketKeeping(context: VaultContext, name: string): Promise<Keeping | undefined> {
  const row = await bucketRow(context, name);
  return row === undefined ? undefined : listingOf(row).directory?.keeping;
}

export async function bucketInfo(context: VaultContext, name: string): Promise<BucketInfo | undefined> {
  const row = await bucketRow(context, name);
  if (row === undefined) return undefined;
  const { id, metadata } = entryOf(row, '');
  const keeping = listingOf(row).directory?.keeping;
  return { id, metadata, ...(keeping === undefined ? {} : { keeping }) };
}

async function bucketRow(context: VaultContext, name: string): Promise<Row | undefined> {
  const root = context.directories.of(context.rootIdentity);
  const head = await root.head(performance.now() - ANCESTOR_AGE_MS);
  return root.tree(head).get(directoryKey(name));
}
