import type { ContentFields, Keeping, ListingFields } from '@latchkey/encryption';
import { versionKey, versionPlace } from '@latchkey/encryption';
import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import { buildRecord, freshListing, openRecord, type RecordFields } from '../record/build.js';
import { refuseLocked } from './locks.js';
import { newestOlder, olderVersions, orderOf, transactionSource, versionIdOf } from './rows.js';

/*
 * What becomes of a record when another is put in its place, or nothing is. Every way to replace or remove a file goes through
 * here, inside the commit that does it, so that an old version is kept by the very swap that publishes the new one.
 */

type Blobs = ReadonlyMap<string, Uint8Array>;
const NONE: Blobs = new Map();

/** A name that is about to be given to something else. */
export interface Site {
  readonly context: VaultContext;
  readonly directory: Directory;
  readonly transaction: Transaction;
  readonly name: string;
  readonly keeping: Keeping | undefined;
}

/** What the record that comes has to say. */
export interface Arrival {
  /** Over what {@link asNew} leaves of a listing. */
  readonly stamp: Pick<ListingFields, 'version' | 'retention'>;
  /** Another record holds some of its blobs. */
  readonly shared: boolean;
}

/** A listing without what belongs to one version. */
export function asNew({
  version: _v,
  retention: _r,
  legalHold: _h,
  ...listing
}: ListingFields): ListingFields {
  return listing;
}

/** The listing of a record that arrives: of a file that is published a new version, of anything else none. */
export function arriving(listing: ListingFields, { stamp }: Pick<Arrival, 'stamp'>): ListingFields {
  return isPublished(listing) ? { ...asNew(listing), ...stamp } : asNew(listing);
}

/**
 * Keeps or releases what stands under the name, which the caller then puts a record over that holds the blobs of `next`.
 * Throws {@link Locked} for what may not be destroyed where nothing is kept.
 */
export async function displace(site: Site, next: Blobs = NONE): Promise<Arrival> {
  const { context, directory, transaction, name, keeping } = site;
  const row = await transaction.get(name);
  const old = row === undefined ? undefined : openRecord(context, directory, row);
  let shared = false;
  const kept = old !== undefined && isKept(old, keeping);
  if (row !== undefined && old !== undefined) {
    const before = await contentBlobs(context, old.content);
    if (kept) {
      const published = await keep(site, row, old, next);
      release(transaction, without(before, published, next), old.content);
      shared = overlap(published, next);
    } else {
      refuseLocked(name, old.listing);
      const dropped = without(before, next);
      release(transaction, dropped, old.content);
      shared = old.content.shared === true && dropped.length < before.size;
    }
  }
  if (keeping === undefined) return { stamp: {}, shared };
  if (old === undefined || !isPublished(old.listing)) await observeOlder(site);
  if (keeping.versions === 'suspended') {
    await dropNull(site, next);
    return { stamp: {}, shared };
  }
  const { retention } = keeping;
  const lock =
    keeping.locks && retention !== undefined
      ? { retention: { mode: retention.mode, until: Math.floor(Date.now() / 1000) + retention.seconds } }
      : {};
  return { stamp: { version: context.clock.next(), ...lock }, shared };
}

/**
 * Takes the name away, with a marker in its place where versions are kept. Returns what the marker is called. `next`: blobs
 * that another name holds from now on.
 */
export async function retire(site: Site, next: Blobs = NONE): Promise<string | undefined> {
  const { transaction, name, keeping } = site;
  const row = await transaction.get(name);
  const wasVersion = row !== undefined && isPublished(listingOf(row));
  const { stamp } = await displace(site, next);
  await transaction.remove(name);
  if (keeping === undefined) return undefined;
  // A symlink or an upload that was never finished may have stood before versions, which do not come back for that.
  const older = await newestOlder(transactionSource(transaction), name);
  if (!wasVersion && (older === undefined || listingOf(older).kind !== 'file')) return undefined;
  return putMarker(site, stamp.version);
}

/** Another marker for a name that stands for nothing, if there are older versions. Returns what it is called. */
export async function markAgain(site: Site): Promise<string | undefined> {
  const { context, transaction, name, keeping } = site;
  const newest = await newestOlder(transactionSource(transaction), name);
  if (keeping === undefined || newest === undefined) return undefined;
  await observeOlder(site);
  if (keeping.versions === 'all') return putMarker(site, context.clock.next());
  await dropNull(site, NONE);
  return putMarker(site, undefined);
}

/** Puts a marker over what is there of older versions. Returns what it is called. */
async function putMarker(site: Site, version: number | undefined): Promise<string> {
  const { context, directory, transaction, name } = site;
  const place = versionPlace(version ?? context.clock.next());
  const listing = { ...freshListing('marker'), ...(version === undefined ? {} : { version }) };
  const record = buildRecord(context, directory, versionKey(name, place), { listing, content: {} });
  await transaction.put(record);
  return versionIdOf(listing);
}

/** Makes the newest version the current one again, when nothing stands under the name and no marker is before it. */
export async function promote(site: Site): Promise<void> {
  const { context, directory, transaction, name } = site;
  if ((await transaction.get(name)) !== undefined) return;
  const newest = await newestOlder(transactionSource(transaction), name);
  if (newest === undefined || listingOf(newest).kind !== 'file') return;
  const fields = openRecord(context, directory, newest);
  await transaction.remove(newest.key);
  await transaction.put(buildRecord(context, directory, name, fields));
}

/** Removes a row for good, with its content. The caller has looked whether it is locked. */
export async function destroy(
  { context, directory, transaction }: Site,
  row: Row,
  next: Blobs = NONE,
): Promise<void> {
  const { content } = openRecord(context, directory, row);
  await transaction.remove(row.key);
  release(transaction, without(await contentBlobs(context, content), next), content);
}

export function isPublished({ kind, draftOnly }: Pick<ListingFields, 'kind' | 'draftOnly'>): boolean {
  return kind === 'file' && !draftOnly;
}

function isKept({ listing }: RecordFields, keeping: Keeping | undefined): boolean {
  if (keeping === undefined || !isPublished(listing)) return false;
  return keeping.versions === 'all' || listing.version !== undefined;
}

/** Puts the old record under the key of a version, without its draft. Returns the blobs that it holds there. */
async function keep(
  { context, directory, transaction, name }: Site,
  row: Row,
  old: RecordFields,
  next: Blobs,
): Promise<Blobs> {
  const { draft: _draft, ...content } = old.content;
  const published = await contentBlobs(context, content);
  const kept = content.shared === true || overlap(published, next) ? { ...content, shared: true } : content;
  const place = versionPlace(orderOf(row.key, old.listing));
  await transaction.put(
    buildRecord(context, directory, versionKey(name, place), { listing: old.listing, content: kept }),
  );
  return published;
}

/** While versions are suspended, what comes takes the place of the null version. */
async function dropNull(site: Site, next: Blobs): Promise<void> {
  for await (const row of olderVersions(transactionSource(site.transaction), site.name)) {
    const listing = listingOf(row);
    if (listing.version !== undefined) continue;
    refuseLocked(site.name, listing);
    await destroy(site, row, next);
    return;
  }
}

/** What is made next is newer than all older versions, whatever clocks say. */
async function observeOlder({ context, transaction, name }: Site): Promise<void> {
  const newest = await newestOlder(transactionSource(transaction), name);
  if (newest !== undefined) context.clock.observe(orderOf(newest.key, listingOf(newest)));
}

function release(transaction: Transaction, blobs: readonly Uint8Array[], { shared }: ContentFields): void {
  transaction.release(blobs, shared === true ? 'shared' : 'unshared');
}

function without(blobs: Blobs, ...others: readonly Blobs[]): Uint8Array[] {
  return [...blobs].filter(([key]) => !others.some((other) => other.has(key))).map(([, blob]) => blob);
}

function overlap(a: Blobs, b: Blobs): boolean {
  return [...a.keys()].some((key) => b.has(key));
}
