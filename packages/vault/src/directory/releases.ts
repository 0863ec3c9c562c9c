import {
  type Head,
  MAX_RELEASES_BYTES,
  openReleases,
  type Release,
  sealReleases,
} from '@latchkey/encryption';
import { blobKey } from '../content/blob-name.js';
import type { VaultContext } from '../context.js';
import { HEAD_RELEASED, RELEASE_NOTE_SECONDS } from '../limits.js';
import type { Directory } from './directory.js';

export interface Pruning {
  /** Notes that the next head carries. */
  readonly keep: readonly Release[];
  /** Blobs that nobody needs any more, to be deleted once that head stands. */
  readonly drop: readonly Uint8Array[];
}

/**
 * Decides, at a commit, which release notes have served: unshared blobs after the readers' grace are deleted, notes
 * of shared ones are forgotten after a day (gc deletes those). Pinned blobs wait. A list that outgrows the head
 * spills into a sealed blob.
 */
export async function duePruning(
  context: VaultContext,
  directory: Directory,
  base: Head,
  added: readonly Release[],
): Promise<Pruning> {
  const now = Math.floor(Date.now() / 1000);
  const keep: Release[] = [];
  const drop: Uint8Array[] = [];
  for (const note of base.releases) {
    const age = now - note.seconds;
    if (note.kind === 'unshared' && age > context.graceSeconds) {
      const pinned = note.blobs.filter((blob) => context.pins.has(blob));
      drop.push(...note.blobs.filter((blob) => !context.pins.has(blob)));
      if (pinned.length > 0) keep.push({ ...note, blobs: pinned });
    } else if (note.kind === 'spilled' && age > context.graceSeconds) {
      for (const spilled of note.blobs) {
        for (const release of await readSpilled(context, directory, spilled)) {
          if (release.kind === 'unshared') drop.push(...release.blobs);
        }
        drop.push(spilled);
      }
    } else if (age <= RELEASE_NOTE_SECONDS) {
      keep.push(note);
    }
  }
  keep.push(...added);
  return { keep: await spill(context, directory, coalesce(keep)), drop };
}

/** The releases that a spilled list holds; none when the list has been deleted already. */
export async function readSpilled(
  context: VaultContext,
  directory: Directory,
  blob: Uint8Array,
): Promise<Release[]> {
  const { store, provider, vaultId } = context;
  const bytes = await store.getBlob(blobKey(blob), { offset: 0, length: MAX_RELEASES_BYTES });
  return openReleases(provider, directory.keys, vaultId, blob, bytes);
}

function coalesce(notes: readonly Release[]): Release[] {
  const result: Release[] = [];
  for (const note of notes) {
    const last = result.at(-1);
    if (
      last !== undefined &&
      last.kind === note.kind &&
      last.seconds === note.seconds &&
      note.kind !== 'spilled'
    ) {
      result[result.length - 1] = { ...last, blobs: [...last.blobs, ...note.blobs] };
    } else {
      result.push(note);
    }
  }
  return result;
}

/**
 * Moves notes that outgrow the head into sealed blobs, one for each kind, because they fall due at different times:
 * the date of a spilled list is set so that it falls due, by the rule for spilled lists, when its notes do.
 */
async function spill(
  context: VaultContext,
  directory: Directory,
  notes: readonly Release[],
): Promise<readonly Release[]> {
  let result = notes;
  for (const kind of ['unshared', 'shared'] as const) {
    const mine = result.filter((note) => note.kind === kind);
    const count = mine.reduce((sum, note) => sum + note.blobs.length, 0);
    if (count <= HEAD_RELEASED) continue;
    const { provider, vaultId, writer } = context;
    const blob = await writer.reserve();
    await writer.put(blob, sealReleases(provider, directory.keys, vaultId, blob, mine));
    const newest = mine.reduce((latest, note) => Math.max(latest, note.seconds), 0);
    const delay = kind === 'shared' ? Math.max(0, RELEASE_NOTE_SECONDS - context.graceSeconds) : 0;
    result = [
      ...result.filter((note) => note.kind !== kind),
      { seconds: newest + delay, blobs: [blob], kind: 'spilled' },
    ];
  }
  return result;
}
