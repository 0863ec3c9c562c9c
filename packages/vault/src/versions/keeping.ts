import type { Keeping } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { listingOf } from '../directory/rows.js';
import { ANCESTOR_AGE_MS } from '../limits.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';

/**
 * What is kept of what is replaced or removed at `path`: the directory at the top of the path says so. Undefined: nothing, as
 * at the root itself. Up to a second old, like every ancestor of a read.
 */
export async function keepingOf(context: VaultContext, path: Path): Promise<Keeping | undefined> {
  return path.length < 2 ? undefined : bucketKeeping(context, path[0] as string);
}

/** What the directory of that name at the top keeps. */
export async function bucketKeeping(context: VaultContext, name: string): Promise<Keeping | undefined> {
  const root = context.directories.of(context.rootIdentity);
  const head = await root.head(performance.now() - ANCESTOR_AGE_MS);
  const row = await root.tree(head).get(directoryKey(name));
  return row === undefined ? undefined : listingOf(row).directory?.keeping;
}
