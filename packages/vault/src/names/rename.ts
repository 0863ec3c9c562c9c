import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { DirectoryGone } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { buildRecord, openRecord } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import type { Path, RenameOptions } from '../session.js';
import { arriving, retire } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { refuseLeaving } from '../versions/remove-unlocked.js';
import { moveDirectory } from './move-directory.js';
import { moveFile } from './move-file.js';
import { notFound } from './path.js';
import { clash, clearTarget, type Place, place } from './place.js';
import { killEmpty } from './remove.js';
import { childDirectory } from './resolve.js';

const RETRIES = 16;

export async function renameEntry(
  context: VaultContext,
  from: Path,
  to: Path,
  options: RenameOptions,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await renameOnce(context, from, to, options.replace === true);
      return;
    } catch (error) {
      if (!(error instanceof DirectoryGone) || attempt >= RETRIES) throw error;
    }
  }
}

async function renameOnce(
  context: VaultContext,
  fromPath: Path,
  toPath: Path,
  replace: boolean,
): Promise<void> {
  const from = await place(context, fromPath);
  const to = await place(context, toPath);
  const child = await childDirectory(context, from.directory, from.name, performance.now(), true);
  const target = await childDirectory(context, to.directory, to.name, performance.now(), true);
  const same = from.directory.id === to.directory.id;
  if (same && from.name === to.name) {
    if (child === undefined) throw notFound(fromPath);
    return;
  }
  if (child instanceof Object) {
    await refuseLeaving(context, child, from, to);
    if (target === 'file') throw clash(to, replace, 'not-a-directory', 'a directory cannot replace a file');
    if (target !== undefined) {
      if (!replace) throw clash(to, replace, 'exists', '');
      if (startsWith(toPath, fromPath)) throw intoItself();
      await killEmpty(context, to.directory, to.name, target, toPath);
    }
    if (startsWith(toPath, fromPath)) throw intoItself();
    if (same)
      await renameHere(context, from, to, directoryKey, target instanceof Object ? target : undefined, true);
    else await moveDirectory(context, from, to, child, target instanceof Object ? target : undefined);
    return;
  }
  if (child === undefined) throw notFound(fromPath);
  if (target instanceof Object)
    throw clash(to, replace, 'is-a-directory', 'a file cannot replace a directory');
  if (same) await renameHere(context, from, to, (name) => name, undefined, replace);
  else await moveFile(context, from, to, replace);
}

/** Inside one directory a rename, whatever it replaces, is one atomic commit. */
async function renameHere(
  context: VaultContext,
  from: Place,
  to: Place,
  keyOf: (name: string) => string,
  killed: Directory | undefined,
  replace: boolean,
): Promise<void> {
  await from.directory.commits.submit({
    apply: async (transaction) => {
      const row = await transaction.get(keyOf(from.name));
      if (row === undefined) throw notFound(from.path);
      const old = openRecord(context, from.directory, row);
      const { directory } = from;
      const next = await contentBlobs(context, old.content);
      const arrival = await clearTarget(
        context,
        transaction,
        to,
        keyOf(to.name),
        killed,
        replace,
        undefined,
        next,
      );
      if (old.listing.kind === 'directory') {
        await transaction.remove(row.key);
        await transaction.put(buildRecord(context, directory, keyOf(to.name), old));
        return;
      }
      const keeping = await keepingOf(context, from.path);
      await retire({ context, directory, transaction, name: from.name, keeping }, next);
      const shared =
        arrival.shared || old.content.shared === true || (keeping !== undefined && next.size > 0);
      const listing = arriving(old.listing, arrival);
      const content = { ...old.content, ...(shared ? { shared } : {}) };
      await transaction.put(buildRecord(context, directory, to.name, { listing, content }));
    },
  });
}

function startsWith(path: Path, prefix: Path): boolean {
  return path.length > prefix.length && prefix.every((name, index) => name === path[index]);
}

function intoItself(): VaultError {
  return new VaultError('invalid-argument', 'a directory cannot be moved into itself');
}
