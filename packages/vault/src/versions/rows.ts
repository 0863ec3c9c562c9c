import {
  type ListingFields,
  splitVersionKey,
  versionKey,
  versionOrder,
  versionPlace,
} from '@latchkey/encryption';
import { listingOf, type Row } from '../directory/rows.js';
import type { Transaction } from '../directory/transaction.js';
import type { Tree } from '../directory/tree.js';
import { NULL_VERSION_ID } from '../version-session.js';

/** Rows from a key on: of a directory as it stands, or as a transaction leaves it. */
export interface RowSource {
  get(key: string): Promise<Row | undefined>;
  /** Rows whose keys begin with `prefix`, in order. */
  below(prefix: string): AsyncIterable<Row>;
}

export function treeSource(tree: Tree): RowSource {
  return {
    get: (key) => tree.get(key),
    async *below(prefix) {
      for await (const rows of tree.scan({ from: prefix }))
        for (const row of rows) {
          if (!row.key.startsWith(prefix)) return;
          yield row;
        }
    },
  };
}

export function transactionSource(transaction: Transaction): RowSource {
  return { get: (key) => transaction.get(key), below: (prefix) => transaction.below(prefix) };
}

/** Versions of `name` that are no longer the current one, and markers, the newest first. */
export function olderVersions(source: RowSource, name: string): AsyncIterable<Row> {
  return source.below(versionKey(name, ''));
}

export async function newestOlder(source: RowSource, name: string): Promise<Row | undefined> {
  for await (const row of olderVersions(source, name)) return row;
  return undefined;
}

/** The revision that a version of a file counts as made at: what its place tells. */
export function orderOf(
  key: string,
  { version, revision }: Pick<ListingFields, 'version' | 'revision'>,
): number {
  const place = splitVersionKey(key)?.place;
  return version ?? (place === undefined ? revision : (versionOrder(place) ?? revision));
}

/** What a version is called: its place, or `null`. */
export function versionIdOf({ version }: Pick<ListingFields, 'version'>): string {
  return version === undefined ? NULL_VERSION_ID : versionPlace(version);
}

/** A file that is published, or a marker. */
export function isVersion({ kind, draftOnly }: Pick<ListingFields, 'kind' | 'draftOnly'>): boolean {
  return (kind === 'file' && !draftOnly) || kind === 'marker';
}

/** The row of a version, wherever it stands. */
export async function findVersion(source: RowSource, name: string, id: string): Promise<Row | undefined> {
  const current = await source.get(name);
  if (current !== undefined) {
    const listing = listingOf(current);
    if (isVersion(listing) && versionIdOf(listing) === id) return current;
  }
  if (id !== NULL_VERSION_ID) {
    if (versionOrder(id) === undefined) return undefined;
    const row = await source.get(versionKey(name, id));
    return row !== undefined && versionIdOf(listingOf(row)) === id ? row : undefined;
  }
  for await (const row of olderVersions(source, name)) if (listingOf(row).version === undefined) return row;
  return undefined;
}
