import {
  type DirectoryIdentity,
  type Head,
  type Keeping,
  newDirectory,
  sealEscrow,
} from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { listingOf, type Row } from '../directory/rows.js';
import { DirectoryGone } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { buildRecord, checkAttributes, freshListing } from '../record/build.js';
import { directoryKey, entryOf } from '../record/entry.js';
import type { Attributes, Entry, Path } from '../session.js';
import { Arriving, vacate } from './link.js';
import { statEntry } from './list.js';
import { checkPath, show } from './path.js';
import { childDirectory, type Found, inParent, lookUp } from './resolve.js';

export interface MakeOptions {
  readonly recursive?: boolean;
  readonly attributes?: Attributes;
  /** What is made is not a user's wish, only the way to what is in it; a file may have the same name. */
  readonly implied?: boolean;
  /** With `recursive`: so many names of the path must exist. */
  readonly existing?: number;
  /** What is kept in it, of a directory at the top. */
  readonly keeping?: Keeping;
}

export async function makeDirectory(context: VaultContext, path: Path, options: MakeOptions): Promise<Entry> {
  checkAttributes(options.attributes ?? {});
  if (options.recursive !== true)
    return inParent(context, path, (parent, name) => makeIn(context, parent, name, path, options));
  checkPath(path);
  if (path.length === 0) return statEntry(context, path);
  let entry: Entry | undefined;
  for (let depth = (options.existing ?? 0) + 1; depth <= path.length; depth++) {
    const part = path.slice(0, depth);
    entry = await inParent(context, part, async (parent, name) => {
      const there = await childDirectory(context, parent.directory, name, performance.now(), true);
      if (there === 'file' && options.implied !== true) throw notADirectory(part);
      if (there instanceof Object) return undefined;
      try {
        const { attributes, ...above } = options;
        return await makeIn(context, parent, name, part, depth === path.length ? options : above);
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== 'exists') throw error;
        // Whoever was first may ride in the same commit: it is over when a later change has had its turn.
        await parent.directory.commits.submit({ evenDead: true, apply: async () => undefined });
        return undefined;
      }
    });
  }
  if (entry !== undefined) return entry;
  const { parent, row } = await lookUp(context, path);
  return entryOf(row, parent.id);
}

/** The head comes first, then the record that leads to it: a crash between leaves an empty orphan for gc. */
async function makeIn(
  context: VaultContext,
  parent: Found,
  name: string,
  path: Path,
  options: MakeOptions,
): Promise<Entry> {
  const tree = parent.directory.tree(parent.head);
  const key = directoryKey(name);
  refuseBeside(await tree.get(name), path, options);
  const existing = await childDirectory(context, parent.directory, name, performance.now(), false);
  if (existing instanceof Object) throw alreadyThere(path);
  const linkId = context.provider.randomBytes(16);
  const identity = newDirectory(context.provider);
  const child = context.directories.of(identity);
  await child.swap(emptyHead(linkId, escrowOf(context, identity, parent.directory.keys.uid, name)), null);
  const listing = {
    ...freshListing('directory', options.attributes),
    directory: {
      uid: identity.uid,
      generation: identity.generation,
      linkId,
      listSecret: child.keys.listSecret,
      explicit: options.implied !== true,
      ...(options.keeping === undefined ? {} : { keeping: options.keeping }),
    },
  };
  try {
    return await parent.directory.commits.submit({
      apply: async (transaction) => {
        refuseBeside(await transaction.get(name), path, options);
        if (!(await vacate(context, parent.directory, transaction, name))) throw alreadyThere(path);
        const record = buildRecord(context, parent.directory, key, {
          listing,
          content: { readSecret: identity.readSecret },
        });
        await transaction.put(record);
        return entryOf(record, parent.directory.id);
      },
    });
  } catch (error) {
    // Only when the record has certainly not been put: else the head may be in use, and gc takes it if it is not.
    if (
      error instanceof DirectoryGone ||
      error instanceof Arriving ||
      (error instanceof VaultError && (error.code === 'exists' || error.code === 'not-a-directory'))
    )
      await context.store.delete([child.register]).catch(() => undefined);
    throw error;
  }
}

export function emptyHead(linkId: Uint8Array, escrow: Uint8Array): Head {
  return {
    revision: 1,
    state: 'live',
    linkId,
    changes: [],
    level: 0,
    tree: [],
    counters: { files: 0, directories: 0, bytes: 0 },
    operations: [],
    releases: [],
    epoch: 0,
    escrow,
  };
}

/** What lets the owner bring back a directory whose record has been lost. */
export function escrowOf(
  context: VaultContext,
  identity: DirectoryIdentity,
  parentUid: Uint8Array,
  name: string,
): Uint8Array {
  const { provider, vaultId, keys } = context;
  return sealEscrow(provider, keys.escrowPublic, vaultId, { ...identity, parentUid, name });
}

/**
 * Directories of objects may stand beside files of the same name (docs/adr/0602), others not. Neither stands beside a
 * symlink: it would hide where file protocols are led to.
 */
function refuseBeside(file: Row | undefined, path: Path, { implied }: MakeOptions): void {
  if (file === undefined) return;
  if (implied !== true) throw alreadyThere(path);
  if (listingOf(file).kind !== 'file') throw notADirectory(path);
}

function notADirectory(path: Path): VaultError {
  return new VaultError('not-a-directory', `not a directory: ${show(path)}`);
}

function alreadyThere(path: Path): VaultError {
  return new VaultError('exists', `there is something of that name already: ${show(path)}`);
}
