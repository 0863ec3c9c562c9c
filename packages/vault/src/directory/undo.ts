import { compareKeys, type Head, type PageRef, type Release } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { blobKey } from '../content/blob-name.js';
import type { Made } from './rescue.js';
import { isTombstone } from './rows.js';

/**
 * A head without the pages that a commit installed, and with everything that was committed before and since. Nothing
 * when other pages stand there by now, or the old ones may have been deleted.
 */
export function withoutPages(head: Head, { folded, base }: Made): Head | undefined {
  if (folded === undefined || !sameTree(head.tree, folded.tree)) return undefined;
  const names = new Set(folded.released.map(blobKey));
  if (!noted(head.releases, names)) return undefined;
  const changes = new Map(folded.changes);
  for (const change of head.changes) changes.set(change.key, change);
  return {
    ...head,
    level: base.level,
    tree: [...folded.base],
    changes: [...changes.values()]
      .filter((change) => base.level > 0 || !isTombstone(change))
      .sort((a, b) => compareKeys(a.key, b.key)),
    releases: withoutBlobs(head.releases, names),
  };
}

/** Whether all of these are still noted, so that nobody has deleted them on the ground of a note. */
export function noted(notes: readonly Release[], names: ReadonlySet<string>): boolean {
  const found = new Set<string>();
  for (const note of notes)
    if (note.kind !== 'spilled') for (const blob of note.blobs) found.add(blobKey(blob));
  return [...names].every((name) => found.has(name));
}

export function withoutBlobs(notes: readonly Release[], names: ReadonlySet<string>): Release[] {
  return notes
    .map((note) => ({ ...note, blobs: note.blobs.filter((blob) => !names.has(blobKey(blob))) }))
    .filter((note) => note.blobs.length > 0);
}

function sameTree(a: readonly PageRef[], b: readonly PageRef[]): boolean {
  return a.length === b.length && a.every((ref, at) => sameBytes(ref.blob, (b[at] as PageRef).blob));
}
