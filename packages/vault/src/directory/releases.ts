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
import { isStoreError } from '../translate.js';
import type { Directory } from './directory.js';

/** Released blobs in one spilled list: about half of what its blob may hold. */
const SPILLED_BLOBS = 65_536;

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
        const inside = await readSpilled(context, directory, spilled).catch(() => undefined);
        if (inside === undefined) {
          // It cannot be read now. It waits for a later commit, a day at most: gc finds what it names.
          if (age <= 2 * RELEASE_NOTE_SECONDS) keep.push({ ...note, blobs: [spilled] });
          continue;
        }
        for (const release of inside) {
          if (release.kind !== 'unshared') continue;
          const pinned = release.blobs.filter((blob) => context.pins.has(blob));
          drop.push(...release.blobs.filter((blob) => !context.pins.has(blob)));
          if (pinned.length > 0) keep.push({ ...release, blobs: pinned });
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
  let bytes: Uint8Array;
  try {
    bytes = await store.getBlob(blobKey(blob), { offset: 0, length: MAX_RELEASES_BYTES });
  } catch (error) {
    if (isStoreError(error, 'not-found')) return [];
    throw error;
  }
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
    const blobs = await spillInto(context, directory, mine);
    if (blobs === undefined) {
      result = [...result.filter((note) => note.kind !== kind), ...newestOf(mine)];
      continue;
    }
    const newest = mine.reduce((latest, note) => Math.max(latest, note.seconds), 0);
    const delay = kind === 'shared' ? Math.max(0, RELEASE_NOTE_SECONDS - context.graceSeconds) : 0;
    result = [
      ...result.filter((note) => note.kind !== kind),
      { seconds: newest + delay, blobs, kind: 'spilled' },
    ];
  }
  return result;
}

/** The blobs that now hold the notes; nothing when the store takes none, as a full disk on which files are removed. */
async function spillInto(
  context: VaultContext,
  directory: Directory,
  notes: readonly Release[],
): Promise<Uint8Array[] | undefined> {
  const { provider, vaultId, writer } = context;
  const blobs: Uint8Array[] = [];
  try {
    for (const part of parts(notes)) {
      const blob = await writer.reserve();
      await writer.put(blob, sealReleases(provider, directory.keys, vaultId, blob, part));
      blobs.push(blob);
    }
    return blobs;
  } catch (error) {
    if (isStoreError(error, 'no-space')) return undefined;
    throw error;
  }
}

/** Lists that each fit into one blob. */
function parts(notes: readonly Release[]): Release[][] {
  const result: Release[][] = [];
  let room = 0;
  for (const note of notes) {
    for (let at = 0; at < note.blobs.length; ) {
      if (room === 0) {
        result.push([]);
        room = SPILLED_BLOBS;
      }
      const blobs = note.blobs.slice(at, at + room);
      result.at(-1)?.push({ ...note, blobs });
      at += blobs.length;
      room -= blobs.length;
    }
  }
  return result;
}

/** As many of the newest notes as a head has room for. What they leave out is found by gc. */
function newestOf(notes: readonly Release[]): Release[] {
  const result: Release[] = [];
  let room = HEAD_RELEASED;
  for (const note of [...notes].sort((a, b) => b.seconds - a.seconds)) {
    if (room === 0) break;
    result.unshift({ ...note, blobs: note.blobs.slice(0, room) });
    room -= Math.min(room, note.blobs.length);
  }
  return result;
}
