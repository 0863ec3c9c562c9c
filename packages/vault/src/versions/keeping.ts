import type { Keeping, ListingFields } from '@latchkey/encryption';
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

/**
 * The same for who has resolved `path` long ago, and is about to replace `old`: when the directory at the top has been renamed
 * since, what has been kept as a version still is.
 */
export async function keepingSince(
  context: VaultContext,
  path: Path,
  old: Pick<ListingFields, 'version'> | undefined,
): Promise<Keeping | undefined> {
  const keeping = await keepingOf(context, path);
  if (keeping !== undefined || path.length < 2 || old?.version === undefined) return keeping;
  const renamed = (await bucketRow(context, path[0] as string)) === undefined;
  return renamed ? { versions: 'all', locks: false } : undefined;
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

export async function bucketRow(context: VaultContext, name: string): Promise<Row | undefined> {
  const root = context.directories.of(context.rootIdentity);
  const head = await root.head(performance.now() - ANCESTOR_AGE_MS);
  return root.tree(head).get(directoryKey(name));
}
