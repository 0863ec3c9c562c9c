import {
  BLOB_REF_BYTES,
  compareKeys,
  type Head,
  type PageRef,
  type Release,
  type SealedRecord,
  utf8Length,
} from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { HEAD_OPERATIONS } from '../limits.js';
import type { Folded } from './fold.js';
import { isTombstone, recordBytes, tombstone } from './rows.js';
import type { Transaction } from './transaction.js';

/** The head that a batch of changes makes of its base, with a finished fold installed when it fits. */
export function nextHead(
  base: Head,
  batch: Transaction,
  operations: readonly Uint8Array[],
  releases: readonly Release[],
  folded: Folded | undefined,
): Head {
  const level = folded?.level ?? base.level;
  const kept = folded === undefined ? base.changes : unfolded(base.changes, folded);
  const released =
    folded === undefined || folded.released.length === 0
      ? releases
      : [
          ...releases,
          { seconds: Math.floor(Date.now() / 1000), blobs: [...folded.released], kind: 'unshared' as const },
        ];
  return {
    ...base,
    revision: base.revision + 1,
    state: batch.state,
    linkId: batch.linkId,
    escrow: batch.escrow,
    changes: mergeChanges(kept, batch.edits, level > 0),
    level,
    tree: folded === undefined ? base.tree : [...folded.tree],
    counters: batch.counters,
    operations: [...base.operations, ...operations].slice(-HEAD_OPERATIONS),
    releases: [...released],
  };
}

/** A fold fits as long as the tree below has not been replaced since it started. */
export function fits(folded: Folded, base: Head): boolean {
  return (
    folded.base.length === base.tree.length &&
    folded.base.every((ref, index) => sameBytes(ref.blob, (base.tree[index] as { blob: Uint8Array }).blob))
  );
}

/** What of `changes` the pages of a fold do not say yet, in the order of keys. */
export function unfolded(changes: readonly SealedRecord[], folded: Folded): SealedRecord[] {
  const left = changes.filter((change) => !isFolded(change, folded));
  const present = new Set(changes.map((change) => change.key));
  // A head without pages keeps no tombstones, so a name may have gone without a trace since the fold began.
  const gone = [...folded.changes.values()].filter(
    (change) => !present.has(change.key) && !isTombstone(change),
  );
  if (gone.length === 0) return left;
  return [...left, ...gone.map((change) => tombstone(change.key))].sort((a, b) => compareKeys(a.key, b.key));
}

/** What changes add to a head, in bytes, or a little more. */
export function changeBytes(changes: readonly SealedRecord[]): number {
  return changes.reduce((sum, record) => sum + recordBytes(record), 0);
}

export function treeBytes(refs: readonly PageRef[]): number {
  return refs.reduce((sum, ref) => sum + utf8Length(ref.firstKey) + BLOB_REF_BYTES + 48, 0);
}

export function releaseBytes(notes: readonly Release[]): number {
  return notes.reduce((sum, note) => sum + 16 + note.blobs.length * BLOB_REF_BYTES, 0);
}

function isFolded(change: SealedRecord, folded: Folded): boolean {
  const other = folded.changes.get(change.key);
  return (
    other !== undefined &&
    sameBytes(other.signature, change.signature) &&
    sameBytes(other.listing, change.listing)
  );
}

function mergeChanges(
  changes: readonly SealedRecord[],
  edits: ReadonlyMap<string, SealedRecord>,
  keepTombstones: boolean,
): SealedRecord[] {
  const sorted = [...edits.values()].sort((a, b) => compareKeys(a.key, b.key));
  const merged: SealedRecord[] = [];
  let at = 0;
  const take = (record: SealedRecord): void => {
    if (keepTombstones || !isTombstone(record)) merged.push(record);
  };
  for (const change of changes) {
    while (at < sorted.length && compareKeys((sorted[at] as SealedRecord).key, change.key) < 0)
      take(sorted[at++] as SealedRecord);
    if (sorted[at]?.key === change.key) take(sorted[at++] as SealedRecord);
    else take(change);
  }
  while (at < sorted.length) take(sorted[at++] as SealedRecord);
  return merged;
}
