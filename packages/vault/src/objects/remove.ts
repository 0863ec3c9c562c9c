import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { makeDirectory } from '../names/make-directory.js';
import { notFound, splitPath } from '../names/path.js';
import { removeDirectory } from '../names/remove.js';
import { inParent, lookUp, resolveDirectory } from '../names/resolve.js';
import type { ObjectEntry, Precondition, PublishOptions, Removal } from '../object-session.js';
import { buildRecord, checkAttributes, openRecord, withAttributes } from '../record/build.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';
import { markAgain, retire } from '../versions/displace.js';
import { keepingOf } from '../versions/keeping.js';
import { objectEntry } from './entry.js';
import { asked, published } from './put.js';

export async function removeObject(
  context: VaultContext,
  path: Path,
  { precondition, existing = path.length }: Pick<PublishOptions, 'precondition' | 'existing'>,
): Promise<Removal> {
  const marker = await inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      reclaims: true,
      apply: async (transaction) => {
        const row = await transaction.get(name);
        const old = row === undefined ? undefined : openRecord(context, directory, row);
        const current = published(old) ? objectEntry(name, old, directory.id) : undefined;
        if (precondition !== undefined) await asked(() => precondition(current));
        const keeping = await keepingOf(context, path);
        const site = { context, directory, transaction, name, keeping };
        if (current !== undefined) return retire(site);
        const again = await markAgain(site);
        if (again === undefined) throw notFound(path);
        return again;
      },
    }),
  );
  await prune(context, path.slice(0, -1), existing);
  return marker === undefined ? {} : { marker };
}

export async function makeMarker(
  context: VaultContext,
  path: Path,
  { attributes = {}, existing = path.length - 1, precondition }: PublishOptions,
): Promise<ObjectEntry> {
  checkAttributes(attributes);
  await makeDirectory(context, path, { recursive: true, implied: true, existing });
  try {
    return await changeMarker(context, path, true, attributes, precondition);
  } catch (error) {
    await prune(context, path, existing);
    throw error;
  }
}

export async function removeMarker(
  context: VaultContext,
  path: Path,
  { existing = path.length, precondition }: Pick<PublishOptions, 'existing' | 'precondition'>,
): Promise<void> {
  await changeMarker(context, path, false, {}, precondition);
  await prune(context, path, Math.min(existing, path.length - 1));
}

function changeMarker(
  context: VaultContext,
  path: Path,
  explicit: boolean,
  attributes: NonNullable<PublishOptions['attributes']>,
  precondition: Precondition | undefined,
): Promise<ObjectEntry> {
  return inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      apply: async (transaction) => {
        const row = await transaction.get(directoryKey(name));
        if (row === undefined) throw notFound(path);
        const old = openRecord(context, directory, row);
        const { listing, content } = old;
        const stands = listing.directory?.explicit === true;
        if (precondition !== undefined)
          await asked(() => precondition(stands ? objectEntry(name, old, directory.id) : undefined));
        const link = listing.directory;
        if (link === undefined) throw new VaultError('damaged', 'the record of a directory has no keys');
        const changed = {
          ...withAttributes(listing, attributes),
          ...(attributes.tags === undefined ? {} : { tags: attributes.tags }),
          directory: { ...link, explicit },
        };
        await transaction.put(buildRecord(context, directory, row.key, { listing: changed, content }));
        return objectEntry(name, { listing: changed, content }, directory.id);
      },
    }),
  );
}

/** Removes implied directories that are empty, upwards from `path`, but none of the first `existing` names. */
export async function prune(context: VaultContext, path: Path, existing: number): Promise<void> {
  try {
    for (let at = path; at.length > existing; at = splitPath(at).parent) {
      const { counters } = (await resolveDirectory(context, at, 'read')).head;
      if (counters.files > 0 || counters.directories > 0) return;
      const { parent, row } = await lookUp(context, at);
      if (openRecord(context, parent, row).listing.directory?.explicit !== false) return;
      await removeDirectory(context, at);
    }
  } catch (error) {
    // Somebody else has filled it, or removed it first.
    if (!(error instanceof VaultError) || (error.code !== 'not-empty' && error.code !== 'not-found'))
      throw error;
  }
}
