import type { ListingFields } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { rowOf } from '../directory/tree.js';
import { VaultError } from '../errors.js';
import { notFound, show } from '../names/path.js';
import { inParent } from '../names/resolve.js';
import { asked, published } from '../objects/put.js';
import { prune } from '../objects/remove.js';
import { buildRecord, openRecord } from '../record/build.js';
import type { Path } from '../session.js';
import type { RemoveVersionOptions, VersionChange, VersionEntry } from '../version-session.js';
import { destroy, promote, type Site } from './displace.js';
import { isLatest, versionEntry } from './entry.js';
import { keepingOf } from './keeping.js';
import { refuseLocked, refuseWeaker } from './locks.js';
import { findVersion, transactionSource } from './rows.js';

/** Destroys one version for good. If it was the current one, the newest that is left takes its place. */
export async function removeVersion(
  context: VaultContext,
  path: Path,
  id: string,
  { precondition, overrideGovernance = false, existing = path.length }: RemoveVersionOptions,
): Promise<VersionEntry> {
  const removed = await inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      reclaims: true,
      apply: async (transaction) => {
        const source = transactionSource(transaction);
        const row = await findVersion(source, name, id);
        if (row === undefined) throw notFound(path);
        const { listing } = openRecord(context, directory, row);
        const latest = await isLatest(source, row);
        const entry = versionEntry(row, directory.id, latest);
        if (precondition !== undefined) await asked(() => precondition(entry));
        refuseLocked(show(path), listing, { governance: overrideGovernance });
        const keeping = await keepingOf(context, path);
        const site: Site = { context, directory, transaction, name, keeping };
        await destroy(site, row);
        if (latest) await promote(site);
        return entry;
      },
    }),
  );
  await prune(context, path.slice(0, -1), existing);
  return removed;
}

export async function changeVersion(
  context: VaultContext,
  path: Path,
  id: string | undefined,
  change: (current: VersionEntry) => VersionChange,
  { overrideGovernance = false }: Pick<RemoveVersionOptions, 'overrideGovernance'>,
): Promise<VersionEntry> {
  return inParent(context, path, ({ directory }, name) =>
    directory.commits.submit({
      apply: async (transaction) => {
        const source = transactionSource(transaction);
        const row = id === undefined ? await source.get(name) : await findVersion(source, name, id);
        if (row === undefined) throw notFound(path);
        const fields = openRecord(context, directory, row);
        if (fields.listing.kind === 'marker')
          throw new VaultError('invalid-argument', `nothing can be said of a marker: ${show(path)}`);
        if (!published(fields)) throw notFound(path);
        const latest = await isLatest(source, row);
        const asks = await asked(() => change(versionEntry(row, directory.id, latest)));
        const listing = changed(fields.listing, asks);
        refuseWeaker(show(path), fields.listing.retention, listing.retention, {
          governance: overrideGovernance,
        });
        const record = buildRecord(context, directory, row.key, { ...fields, listing });
        await transaction.put(record);
        return versionEntry(rowOf(record), directory.id, latest);
      },
    }),
  );
}

function changed(listing: ListingFields, { tags, retention, legalHold }: VersionChange): ListingFields {
  const { retention: oldRetention, legalHold: oldHold, ...rest } = listing;
  const next = retention === undefined ? oldRetention : (retention ?? undefined);
  return {
    ...rest,
    ...(tags === undefined ? {} : { tags }),
    ...(next === undefined ? {} : { retention: next }),
    ...((legalHold ?? oldHold) === true ? { legalHold: true } : {}),
  };
}
