import { base32Decode, type DirectoryIdentity, openLease, sealLease } from '@latchkey/encryption';
import { type StoreKey, storeKey } from '@latchkey/store';
import { toHex } from '../bytes.js';
import { LEASE_DEAD_MS } from '../content/blob-writer.js';
import type { VaultContext } from '../context.js';
import { type Directory, HeadMissing } from '../directory/directory.js';
import { DirectoryGone } from '../directory/transaction.js';
import { VaultError } from '../errors.js';
import { dropDraft } from '../files/drafts.js';
import { DRAFT_SECONDS, RELEASE_NOTE_SECONDS } from '../limits.js';
import { sweepSubtree } from '../names/dead-subtree.js';
import { linkOf } from '../names/link.js';
import { healMark } from '../names/marks.js';
import { endAbandonedMove, readMoves } from '../names/moves-register.js';
import { cleanStale } from '../names/stale.js';
import { isStoreError } from '../translate.js';
import { BloomFilter } from './bloom-filter.js';
import { orphans } from './orphans.js';
import { type Visitor, WalkEnded, walk } from './walk.js';

/** A mark that takes longer than this is given up. */
const MARK_LIMIT_MS = 12 * 60 * 60 * 1000;
const DELETE_BATCH = 500;
const DEFAULT_MARK_BYTES = 8 * 1024 * 1024;

export interface GcOptions {
  /** Declare sessions dead after this long without renewal. Default, and the only safe choice while others write: a day. */
  readonly deadAfterMs?: number;
  /** Memory for marks, a power of two in bytes; 8 MiB serve some four million blobs. */
  readonly markBytes?: number;
  readonly onProgress?: (progress: { readonly phase: 'mark' | 'sweep'; readonly objects: number }) => void;
}

export interface GcReport {
  /** Blobs looked at. */
  readonly scanned: number;
  readonly deleted: number;
  readonly freedBytes: number;
  readonly kept: number;
  /** Sessions that were declared dead in this run. */
  readonly endedSessions: number;
  /** Why nothing was deleted, when something stood against it. */
  readonly reason?: string;
}

/**
 * Collects blobs that nothing refers to. Sessions are declared dead before the mark, blobs of live sessions are never
 * touched, and nothing at all is deleted while anything is unreadable (docs/concurrency.md).
 */
export async function collectGarbage(context: VaultContext, options: GcOptions): Promise<GcReport> {
  const deadAfter = options.deadAfterMs ?? LEASE_DEAD_MS;
  const sessions = await declareDead(context, deadAfter);
  const marks = filter(context, options.markBytes ?? DEFAULT_MARK_BYTES);
  try {
    await mark(context, marks, deadAfter, options);
  } catch (error) {
    if (!(error instanceof WalkEnded)) throw error;
    return {
      scanned: 0,
      deleted: 0,
      freedBytes: 0,
      kept: 0,
      endedSessions: sessions.ended,
      reason: error.message,
    };
  }
  return { ...(await sweep(context, marks, sessions.dead, options)), endedSessions: sessions.ended };
}

export function filter(context: VaultContext, bytes: number): BloomFilter {
  return new BloomFilter(bytes, context.provider.randomBytes(16), (data) => context.provider.sha256(data));
}

async function declareDead(
  context: VaultContext,
  deadAfter: number,
): Promise<{ dead: Set<string>; ended: number }> {
  const { store, provider, vaultId, keys } = context;
  const now = await store.clock();
  const dead = new Set<string>();
  let ended = 0;
  for await (const { key } of store.list('w/')) {
    const state = await store.readRegister(key);
    if (state.status !== 'value') continue;
    const name = key.slice(2);
    const session = base32Decode(name);
    const lease = openLease(provider, vaultId, keys.leaseKey, session, state.bytes);
    if (lease.state === 'live') {
      if (now - state.modifiedAt < deadAfter || context.writer.owns(session)) continue;
      try {
        const over = sealLease(provider, vaultId, keys.leaseKey, session, { ...lease, state: 'ended' });
        await store.swapRegister(key, state.etag, over, { reclaims: true });
        ended++;
      } catch (error) {
        if (isStoreError(error, 'conflict')) continue;
        throw error;
      }
    }
    dead.add(name);
  }
  return { dead, ended };
}

async function mark(
  context: VaultContext,
  marks: BloomFilter,
  deadAfter: number,
  options: GcOptions,
): Promise<void> {
  const started = performance.now();
  await endAbandonedMove(context);
  const before = await readMoves(context);
  if (before.move !== undefined)
    throw new WalkEnded('conflict', 'a directory is being moved; nothing was collected');
  const visitor = marker(context, marks, started, options);
  await walk(context, context.directories.of(context.rootIdentity), [], visitor);
  const now = await context.store.clock();
  const unreadable = (object: string, error: unknown): void => visitor.problem(object, [], error);
  const removable: DirectoryIdentity[] = [];
  for await (const orphan of orphans(context, (register) => marks.has(register), unreadable)) {
    const { directory, head, escrow } = orphan;
    const age = now - orphan.modifiedAt;
    const old = age > Math.min(deadAfter, RELEASE_NOTE_SECONDS * 1000);
    const isDead = head.state === 'dead';
    const isEmpty = head.counters.files === 0 && head.counters.directories === 0;
    if (old && (isDead || isEmpty))
      removable.push({ uid: escrow.uid, generation: escrow.generation, readSecret: escrow.readSecret });
    if (!old || !isDead) await walk(context, directory, [], isDead ? sweptAlready(visitor) : visitor);
  }
  // A directory that moved during the walk may have been missed in both places.
  const after = await readMoves(context);
  if (after.etag !== before.etag)
    throw new WalkEnded('conflict', 'a directory was moved meanwhile; nothing was collected');
  // Only now: an empty directory below one that moved during the walk looks just like what a broken mkdir left.
  for (const identity of removable)
    if (!marks.has(nameOfDirectory(identity.uid)))
      await removeHead(context, context.directories.of(identity));
}

/** What a directory that some record names, valid or not, is called among the marks. */
function nameOfDirectory(uid: Uint8Array): string {
  return `named ${toHex(uid)}`;
}

/**
 * Deletes the head of a directory that no record names, with what a dead one still holds. One that is alive and empty is
 * killed first, so that nobody can put anything into it; one that has been filled meanwhile stays.
 */
async function removeHead(context: VaultContext, directory: Directory): Promise<void> {
  try {
    const killed = await directory.commits.submit({
      reclaims: true,
      evenDead: true,
      apply: async (transaction) => {
        if (transaction.state === 'dead') return true;
        if (transaction.empty) transaction.die();
        return transaction.empty;
      },
    });
    if (!killed) return;
    await sweepSubtree(context, directory, 'last');
  } catch (error) {
    // What cannot be read holds up nobody: nothing leads there.
    if (error instanceof VaultError && error.code === 'damaged') return;
    throw error;
  }
  await context.store.delete([directory.register]);
}

/** A dead directory may miss what a sweep has deleted, or a collection that was cut off. */
function sweptAlready(visitor: Visitor): Visitor {
  return {
    ...visitor,
    problem(object, path, error) {
      if (error instanceof HeadMissing || (error instanceof VaultError && error.code === 'stale')) return;
      visitor.problem(object, path, error);
    },
  };
}

function marker(context: VaultContext, marks: BloomFilter, started: number, options: GcOptions): Visitor {
  let objects = 0;
  const expired = Math.floor(Date.now() / 1000) - DRAFT_SECONDS;
  return {
    onChange: 'begin-again',
    notesFrom: Math.floor(Date.now() / 1000) - RELEASE_NOTE_SECONDS,
    named: (row) => marks.add(nameOfDirectory(linkOf(row).uid)),
    // The head that it names goes in a later run, when the record is gone.
    leftOver: async (directory, row) => void (await cleanStale(context, directory, row)),
    directory(directory) {
      marks.add(directory.register);
      if (performance.now() - started > MARK_LIMIT_MS)
        throw new WalkEnded('unavailable', 'marking took over 12 hours; nothing was collected');
    },
    blob(key) {
      marks.add(key);
      if (++objects % 1000 === 0) options.onProgress?.({ phase: 'mark', objects });
    },
    async file(directory, row, { content }) {
      await healMark(context, directory, row);
      if (content.draft !== undefined && content.draft.seconds < expired)
        await dropDraft(context, directory, row.key, expired).catch((error: unknown) => {
          if (!(error instanceof DirectoryGone)) throw error;
        });
    },
    problem(object, _path, error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new WalkEnded('damaged', `nothing was collected, because ${object} cannot be read: ${why}`);
    },
  };
}

async function sweep(
  context: VaultContext,
  marks: BloomFilter,
  dead: ReadonlySet<string>,
  options: GcOptions,
): Promise<Omit<GcReport, 'endedSessions'>> {
  const { store } = context;
  let scanned = 0;
  let deleted = 0;
  let freedBytes = 0;
  let doomed: StoreKey[] = [];
  const withBlobs = new Set<string>();
  for await (const { key, size } of store.list('b/')) {
    scanned++;
    if (scanned % 1000 === 0) options.onProgress?.({ phase: 'sweep', objects: scanned });
    const session = key.slice(2, key.indexOf('/', 2));
    if (!dead.has(session) || marks.has(key)) {
      withBlobs.add(session);
      continue;
    }
    doomed.push(key);
    deleted++;
    freedBytes += size;
    if (doomed.length === DELETE_BATCH) {
      await store.delete(doomed);
      doomed = [];
    }
  }
  if (doomed.length > 0) await store.delete(doomed);
  for (const session of dead) if (!withBlobs.has(session)) await store.delete([storeKey(`w/${session}`)]);
  return { scanned, deleted, freedBytes, kept: scanned - deleted };
}
