import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import type { Row } from '../directory/rows.js';
import { DirectoryGone } from '../directory/transaction.js';
import { standing } from './link.js';
import { endAbandonedMove } from './moves-register.js';

/**
 * Removes a directory record whose link its child no longer knows. Says whether it stands there no more. Best effort;
 * never rejects.
 */
export async function cleanStale(context: VaultContext, parent: Directory, row: Row): Promise<boolean> {
  try {
    let stands = await standing(context, parent, row);
    if (stands === 'busy') {
      // Perhaps its mover is dead.
      await endAbandonedMove(context);
      stands = await standing(context, parent, row);
    }
    if (stands !== 'stale') return false;
    return await parent.commits.submit({
      reclaims: true,
      apply: async (transaction) => {
        const now = await transaction.get(row.key);
        if (now !== undefined && sameBytes(now.listing, row.listing)) await transaction.remove(row.key);
        return true;
      },
    });
  } catch (error) {
    return error instanceof DirectoryGone;
  }
}
