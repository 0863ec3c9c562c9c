import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { escrowOf, makeDirectory } from '../names/make-directory.js';
import { resolveDirectory } from '../names/resolve.js';
import { buildRecord, freshListing } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import type { Orphan } from './orphans.js';

const LOST_AND_FOUND = 'lost+found';

/** Puts a record for an orphaned directory under /lost+found, under the name it had last. Returns its path. */
export async function adopt(context: VaultContext, orphan: Orphan): Promise<Path> {
  await makeDirectory(context, [LOST_AND_FOUND], { recursive: true });
  const { directory: parent } = await resolveDirectory(context, [LOST_AND_FOUND], 'write');
  const { keys, id } = orphan.directory;
  // A link of its own: whatever record led here before, in a directory that is lost as well, leads nowhere any more.
  const linkId = context.provider.randomBytes(16);
  for (const name of [orphan.escrow.name, `${orphan.escrow.name}.${id.slice(0, 8)}`, id]) {
    if (name === '') continue;
    const listing = {
      ...freshListing('directory'),
      directory: {
        uid: keys.uid,
        generation: keys.generation,
        linkId,
        listSecret: keys.listSecret,
        explicit: true,
      },
    };
    const adopted = await parent.commits.submit({
      apply: async (transaction) => {
        if (
          (await transaction.get(directoryKey(name))) !== undefined ||
          (await transaction.get(name)) !== undefined
        )
          return false;
        await transaction.put(
          buildRecord(context, parent, directoryKey(name), {
            listing,
            content: { readSecret: keys.readSecret },
          }),
        );
        return true;
      },
    });
    if (!adopted) continue;
    const escrow = escrowOf(context, keys, parent.keys.uid, name);
    await orphan.directory.commits.submit({
      apply: async (transaction) => transaction.relink(linkId, escrow),
    });
    return [LOST_AND_FOUND, name];
  }
  throw new VaultError('exists', 'no free name under /lost+found for an orphaned directory');
}
