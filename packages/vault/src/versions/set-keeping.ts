import type { Keeping } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { listingOf } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { makeDirectory } from '../names/make-directory.js';
import { notFound, refuseEmptyNames, show } from '../names/path.js';
import { inParent } from '../names/resolve.js';
import { asked } from '../objects/put.js';
import { buildRecord, openRecord } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import type { Entry } from '../session.js';

/** One commit makes the directory and says what is kept in it: nobody sees it without, however the program ends. */
export async function makeBucket(context: VaultContext, bucket: string, keeping: Keeping): Promise<Entry> {
  refuseEmptyNames([bucket]);
  refuseChange(bucket, undefined, keeping);
  return makeDirectory(context, [bucket], { keeping });
}

export async function setKeeping(
  context: VaultContext,
  bucket: string,
  change: (old: Keeping | undefined) => Keeping | undefined,
): Promise<void> {
  await inParent(context, [bucket], ({ directory }, name) =>
    directory.commits.submit({
      apply: async (transaction) => {
        const row = await transaction.get(directoryKey(name));
        const link = row === undefined ? undefined : listingOf(row).directory;
        if (row === undefined || link === undefined) throw notFound([bucket]);
        const { listing, content } = openRecord(context, directory, row);
        const { keeping: old, ...bare } = link;
        const keeping = await asked(() => change(old));
        refuseChange(bucket, old, keeping);
        const next = { ...listing, directory: { ...bare, ...(keeping === undefined ? {} : { keeping }) } };
        await transaction.put(buildRecord(context, directory, row.key, { listing: next, content }));
      },
    }),
  );
}

/** Locks stay: without them, or without the versions that they hold, what is locked by default would be so no longer. */
function refuseChange(bucket: string, old: Keeping | undefined, next: Keeping | undefined): void {
  if (old?.locks === true && (next?.locks !== true || next.versions !== 'all'))
    throw new VaultError('read-only', `object lock cannot be turned off again: ${show([bucket])}`);
  if (next?.locks === true && next.versions !== 'all')
    throw new VaultError('invalid-argument', `locks need all versions to be kept: ${show([bucket])}`);
}
