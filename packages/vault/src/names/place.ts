import { sameBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import type { Transaction } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { type Arrival, displace } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { linkOf, vacate } from './link.js';
import type { Move } from './moves-register.js';
import { show, splitPath } from './path.js';
import { type Found, resolveDirectory } from './resolve.js';

/** Where a rename comes from or goes to. */
export interface Place {
  readonly path: Path;
  readonly directory: Directory;
  readonly name: string;
}

/** A place, with the directories that lead to it from the root on. `head`: the directory's, proven to be the newest. */
export async function place(
  context: VaultContext,
  path: Path,
): Promise<Place & Pick<Found, 'chain' | 'head'>> {
  const { parent, name } = splitPath(path);
  const { directory, head, chain } = await resolveDirectory(context, parent, 'write');
  return { path, directory, name, head, chain };
}

const NOTHING_DISPLACED: Arrival = { stamp: {}, shared: false };

/**
 * Makes room for an arriving record: what it replaces is kept or released, and what it has to say is returned. `killed`: a directory that stood there and has just
 * been removed. `holder`: the move that holds `m`. `next`: the blobs of the arriving record.
 */
export async function clearTarget(
  context: VaultContext,
  transaction: Transaction,
  to: Place,
  key: string,
  killed: Directory | undefined,
  replace: boolean,
  holder?: Move,
  next?: ReadonlyMap<string, Uint8Array>,
): Promise<Arrival> {
  const directoryRow = await transaction.get(directoryKey(to.name));
  if (directoryRow !== undefined) {
    const { uid } = linkOf(directoryRow);
    if (killed !== undefined && sameBytes(uid, killed.keys.uid)) await transaction.remove(directoryRow.key);
    else if (!(await vacate(context, to.directory, transaction, to.name, holder)))
      throw clash(to, replace, 'exists', '');
  }
  const fileRow = await transaction.get(to.name);
  // A file beside a directory that is replaced by another one stays beside it.
  if (killed !== undefined && key !== to.name) return NOTHING_DISPLACED;
  if (fileRow !== undefined && !replace) throw clash(to, replace, 'exists', '');
  if (key !== to.name) {
    if (fileRow === undefined) return NOTHING_DISPLACED;
    throw clash(to, replace, 'not-a-directory', 'a directory cannot replace a file');
  }
  const { directory, name } = to;
  const keeping = await keepingOf(context, to.path);
  return displace({ context, directory, transaction, name, keeping }, next);
}

export function clash(
  to: Place,
  replace: boolean,
  code: 'exists' | 'is-a-directory' | 'not-a-directory',
  why: string,
): VaultError {
  if (!replace || why === '')
    return new VaultError('exists', `there is something of that name already: ${show(to.path)}`);
  return new VaultError(code, `${why}: ${show(to.path)}`);
}
