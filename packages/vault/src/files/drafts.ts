import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { buildRecord, openRecord } from '../record/build.js';

/** Forgets a draft that was last written to before `expired` (seconds since 1970). */
export async function dropDraft(
  context: VaultContext,
  directory: Directory,
  name: string,
  expired: number,
): Promise<void> {
  await directory.commits.submit({
    reclaims: true,
    apply: async (transaction) => {
      const row = await transaction.get(name);
      if (row === undefined) return;
      const old = openRecord(context, directory, row);
      const { draft, ...content } = old.content;
      if (draft === undefined || draft.seconds >= expired) return;
      const kept = await contentBlobs(context, content);
      const before = await contentBlobs(context, old.content);
      const dropped = [...before].filter(([key]) => !kept.has(key)).map(([, blob]) => blob);
      transaction.release(dropped, content.shared === true ? 'shared' : 'unshared');
      if (old.listing.draftOnly) await transaction.remove(name);
      else await transaction.put(buildRecord(context, directory, name, { listing: old.listing, content }));
    },
  });
}
