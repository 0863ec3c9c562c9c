import { compareKeys, type Head, type SealedRecord } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { holdsBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { fold } from '../directory/fold.js';
import { listingOf, type Row } from '../directory/rows.js';
import { rowOf } from '../directory/tree.js';
import { emptyHead, escrowOf } from '../names/make-directory.js';
import { buildRecord, openRecord } from '../record/build.js';
import { type LostPages, readLostPage } from './lost-pages.js';
import type { Orphan } from './orphans.js';

/** A leaf as far as the choice between several needs it. */
interface Leaf {
  readonly modifiedAt: number;
  readonly rows: readonly Row[];
  /** By key. */
  readonly revisions: ReadonlyMap<string, number>;
  readonly first: string;
  readonly last: string;
}

/**
 * Makes a new head for a directory whose head is lost, from the leaves that are left of it. What stood only in the
 * head is lost with it. A head that stands there is never replaced: then the store's `conflict` is thrown. Takes as
 * much memory as the directory's records have bytes, several times. The caller puts a record for it somewhere.
 */
export async function rebuild(
  context: VaultContext,
  lost: LostPages,
  allReadable: boolean,
  problem: (object: string, error: unknown) => void,
): Promise<Orphan> {
  const directory = context.directories.of(lost.identity);
  const leaves: Leaf[] = [];
  let whole = allReadable;
  for (const page of lost.pages) {
    try {
      const { level, records } = await readLostPage(context, directory, page);
      if (level === 1) leaves.push(leafOf(page.modifiedAt, records().map(rowOf)));
    } catch (error) {
      whole = false;
      problem(page.key, error);
    }
  }
  const records: SealedRecord[] = [];
  for (const row of newest(leaves, whole)) {
    try {
      records.push(sharedRecord(context, directory, row));
    } catch (error) {
      problem(directory.register, error);
    }
  }
  const head = await headOf(context, directory, lost, records);
  await directory.swap(head, null);
  return { directory, head, escrow: lost.escrow, modifiedAt: Date.now() };
}

async function headOf(
  context: VaultContext,
  directory: Directory,
  { escrow }: LostPages,
  records: readonly SealedRecord[],
): Promise<Head> {
  const isRoot = sameBytes(directory.keys.uid, context.rootIdentity.uid);
  const counters = { files: 0, directories: 0, bytes: 0 };
  for (const record of records) {
    const { kind, size } = listingOf(record);
    if (kind === 'directory') counters.directories++;
    else counters.files++;
    counters.bytes += size;
  }
  const linkId = isRoot ? context.rootLinkId : context.provider.randomBytes(16);
  const box = escrowOf(context, directory.keys, escrow.parentUid, escrow.name);
  // Higher than the lost one's, which counted commits: programs that have seen that one go on with this.
  const empty = { ...emptyHead(linkId, box), revision: Date.now(), counters };
  const { level, tree } = await fold(context, directory, { ...empty, changes: [...records] });
  return { ...empty, level, tree: [...tree] };
}

/** A record as it was, but that another one may hold the same segments, in the place that the file has gone to since. */
function sharedRecord(context: VaultContext, directory: Directory, row: Row): SealedRecord {
  const { listing, content } = openRecord(context, directory, row);
  if (!holdsBlobs(content) || content.shared === true) return row.sealed();
  return buildRecord(context, directory, row.key, { listing, content: { ...content, shared: true } });
}

function leafOf(modifiedAt: number, rows: readonly Row[]): Leaf {
  return {
    modifiedAt,
    rows,
    revisions: new Map(rows.map((row) => [row.key, listingOf(row).revision])),
    first: rows[0]?.key ?? '',
    last: rows.at(-1)?.key ?? '',
  };
}

/**
 * The newest state that leaves of different age agree on: of each name the highest revision. A fold writes a leaf anew
 * as a whole, so one that shares a name with a newer leaf has been replaced, and what newer ones do not have was
 * removed. When one of them cannot be read it may stand there instead, and is kept.
 */
function newest(leaves: readonly Leaf[], whole: boolean): Row[] {
  const sorted = leaves.filter(({ rows }) => rows.length > 0).sort((a, b) => compareKeys(a.first, b.first));
  const chosen = new Map<string, { readonly row: Row; readonly revision: number }>();
  for (const [index, leaf] of sorted.entries()) {
    const newer = whole ? overlapping(sorted, index).filter((other) => isNewer(other, leaf)) : [];
    if (newer.some(({ rows }) => rows.some(({ key }) => leaf.revisions.has(key)))) continue;
    for (const row of leaf.rows) {
      const revision = leaf.revisions.get(row.key) ?? 0;
      const other = chosen.get(row.key)?.revision ?? -1;
      if (revision > other && !newer.some((one) => covers(one, row.key)))
        chosen.set(row.key, { row, revision });
    }
  }
  return [...chosen.values()].map(({ row }) => row).sort((a, b) => compareKeys(a.key, b.key));
}

function covers({ first, last }: Leaf, key: string): boolean {
  return compareKeys(first, key) <= 0 && compareKeys(key, last) <= 0;
}

/** The other leaves that share names, or a stretch of names, with the one at `index` of those sorted by first name. */
function overlapping(sorted: readonly Leaf[], index: number): Leaf[] {
  const { first, last } = sorted[index] as Leaf;
  const found: Leaf[] = [];
  for (const [at, other] of sorted.entries()) {
    if (at === index || compareKeys(other.last, first) < 0) continue;
    if (compareKeys(other.first, last) > 0) break;
    found.push(other);
  }
  return found;
}

/** Whether a leaf was written after another: names in both tell it, else the store's clock does. */
function isNewer(leaf: Leaf, than: Leaf): boolean {
  for (const [key, revision] of leaf.revisions) {
    const other = than.revisions.get(key);
    if (other !== undefined && other !== revision) return revision > other;
  }
  return leaf.modifiedAt > than.modifiedAt;
}
