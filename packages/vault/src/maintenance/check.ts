import { segmentBlobSize } from '@latchkey/encryption';
import { storeKey } from '@latchkey/store';
import { blobKey } from '../content/blob-name.js';
import { ContentReader } from '../content/content-reader.js';
import { heldBy, loadContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { readHeaders } from '../header/header-store.js';
import { endAbandonedMove, readMoves } from '../names/moves-register.js';
import { show } from '../names/path.js';
import type { RecordFields } from '../record/build.js';
import { isStoreError } from '../translate.js';
import type { BloomFilter } from './bloom-filter.js';
import { filter } from './gc.js';
import { adopt } from './lost-and-found.js';
import { findLostPages, type LostPages } from './lost-pages.js';
import { type Orphan, orphans } from './orphans.js';
import { rebuild } from './rebuild.js';
import { currentRow, type Visitor, walk } from './walk.js';

const READ_STEP = 1024 * 1024;
const DEFAULT_MARK_BYTES = 8 * 1024 * 1024;
/** Problems that a report lists; the rest are counted. */
const LISTED_PROBLEMS = 1000;

export interface CheckOptions {
  /** Read and authenticate every byte, not only that every object is there with its right size. */
  readonly readContent?: boolean;
  /** Bring orphaned directories, and what pages hold of those whose head is lost, back under /lost+found. */
  readonly repair?: boolean;
  readonly onProgress?: (progress: {
    readonly directories: number;
    readonly files: number;
    readonly bytes: number;
  }) => void;
}

export interface CheckProblem {
  /** The object in the store that is at fault. */
  readonly object: string;
  readonly path?: string;
  readonly what: string;
}

export interface CheckReport {
  readonly directories: number;
  readonly files: number;
  /** Of content. */
  readonly bytes: number;
  readonly problems: readonly CheckProblem[];
  /** Blobs that nothing refers to: unfinished uploads, or garbage that gc will collect. */
  readonly unreferenced: number;
  /** What was brought back, as paths. */
  readonly repaired: readonly string[];
}

/** Reads the whole tree and reports everything that is missing or does not authenticate. Changes nothing unless told. */
export async function checkVault(context: VaultContext, options: CheckOptions): Promise<CheckReport> {
  const problems: CheckProblem[] = [];
  const marks = filter(context, DEFAULT_MARK_BYTES);
  const counts = { directories: 0, files: 0, bytes: 0 };
  const headless = new Set<Directory>();
  const problem = (object: string, path: readonly string[] | undefined, error: unknown): void => {
    if (problems.length >= LISTED_PROBLEMS) return;
    const what = error instanceof Error ? error.message : String(error);
    problems.push({ object, what, ...(path === undefined ? {} : { path: show(path) }) });
  };
  const report = (object: string, error: unknown): void => problem(object, undefined, error);
  const visitor: Visitor = {
    onChange: 'go-on',
    notesFrom: 0,
    directory(directory) {
      marks.add(directory.register);
      counts.directories++;
      options.onProgress?.(counts);
    },
    blob: (key) => marks.add(key),
    missing: (directory) => void headless.add(directory),
    async file(directory, row, fields, path) {
      counts.files++;
      counts.bytes += fields.listing.size;
      const found: [string, unknown][] = [];
      await checkContent(context, fields, options.readContent === true, (...what) => void found.push(what));
      // What was replaced or removed while it was read is not missed.
      if (found.length > 0 && (await currentRow(directory, row)) === 'same')
        for (const [object, error] of found) problem(object, path, error);
      options.onProgress?.(counts);
    },
    problem,
  };
  for (const copy of await readHeaders(context.store)) {
    if (copy.parsed === undefined)
      problem(copy.key, undefined, copy.problem ?? new Error('this copy of the vault header is missing'));
  }
  const root = context.directories.of(context.rootIdentity);
  await walk(context, root, [], visitor);
  const repaired: string[] = [];
  const bringBack = async (orphan: Orphan): Promise<void> => {
    // The root needs no record.
    const path = orphan.directory.register === root.register ? [] : await adopt(context, orphan);
    repaired.push(show(path));
    await walk(context, orphan.directory, path, visitor);
  };
  const rebuildHeads = async (): Promise<void> => {
    if ((await context.store.readRegister(root.register)).status === 'absent') headless.add(root);
    if (headless.size === 0) return;
    const { directories, whole } = await findLostPages(context, (key) => marks.has(key), report);
    // What is brought back may lead to others that have lost their heads.
    for (const directory of headless) {
      const pages =
        directories.get(directory.register) ?? (directory === root ? emptyRoot(context) : undefined);
      directories.delete(directory.register);
      if (pages === undefined) continue;
      try {
        await bringBack(await rebuild(context, pages, whole, report));
      } catch (error) {
        report(directory.register, error);
      }
    }
    headless.clear();
  };
  if (options.repair === true) await rebuildHeads();
  for (const orphan of await lost(context, marks, report)) {
    if (options.repair === true) await bringBack(orphan);
    else {
      report(
        orphan.directory.register,
        new Error('a directory that nothing leads to; repair brings it back under /lost+found'),
      );
      await walk(context, orphan.directory, [], visitor);
    }
  }
  if (options.repair === true) await rebuildHeads();
  let unreferenced = 0;
  for await (const { key } of context.store.list('b/')) if (!marks.has(key)) unreferenced++;
  return { ...counts, problems, unreferenced, repaired };
}

/** A root of which no page is left: what it led to is brought back under it. */
function emptyRoot({ rootIdentity }: VaultContext): LostPages {
  const escrow = { ...rootIdentity, parentUid: rootIdentity.uid, name: '' };
  return { identity: rootIdentity, escrow, pages: [] };
}

/**
 * Directories with something in them that nothing leads to. What the first walk missed may have been made or moved
 * since, so they are looked for once more, while no directory moves, in a walk that begins after they were found.
 */
async function lost(
  context: VaultContext,
  marks: BloomFilter,
  problem: (object: string, error: unknown) => void,
): Promise<Orphan[]> {
  const found: Orphan[] = [];
  const dead: Orphan[] = [];
  const below = new Set<string>();
  for await (const orphan of orphans(context, (register) => marks.has(register), problem)) {
    const { files, directories } = orphan.head.counters;
    if (orphan.head.state === 'dead') dead.push(orphan);
    else if (files > 0 || directories > 0) found.push(orphan);
  }
  if (found.length === 0) return found;
  await endAbandonedMove(context);
  const before = await readMoves(context);
  const reach = (reached: Set<string>): Visitor => ({
    onChange: 'begin-again',
    notesFrom: Number.POSITIVE_INFINITY,
    directory: (directory) => void reached.add(directory.register),
    blob: () => undefined,
    file: () => undefined,
    problem: () => undefined,
  });
  const reached = new Set<string>();
  await walk(context, context.directories.of(context.rootIdentity), [], reach(reached));
  // What lies in a removed directory that has not been swept yet is removed with it.
  for (const orphan of dead) await walk(context, orphan.directory, [], reach(reached));
  const still = found.filter((orphan) => !reached.has(orphan.directory.register));
  // Only the topmost ones: the others come with them.
  for (const orphan of still) {
    const inside = new Set<string>();
    await walk(context, orphan.directory, [], reach(inside));
    inside.delete(orphan.directory.register);
    for (const register of inside) below.add(register);
  }
  const after = await readMoves(context);
  if (before.move !== undefined || after.etag !== before.etag) return [];
  return still.filter((orphan) => !below.has(orphan.directory.register));
}

async function checkContent(
  context: VaultContext,
  { listing, content }: RecordFields,
  readAll: boolean,
  problem: (object: string, error: unknown) => void,
): Promise<void> {
  for (const held of heldBy(content)) {
    const list = await loadContent(context, held);
    const expected = 'size' in held ? Number(held.size) : listing.draftOnly ? 0 : listing.size;
    if (listing.kind === 'file' && list.size !== expected) {
      problem(
        'record',
        new VaultError('damaged', `the record says ${expected} bytes and lists ${list.size}`),
      );
    }
    for (const piece of list.pieces) {
      if (piece.kind !== 'data') continue;
      const key = blobKey(piece.segment.blob);
      try {
        const size = segmentBlobSize(piece.segment.size);
        const tail = await context.store.getBlob(storeKey(key), { offset: size - 1, length: 2 });
        if (tail.length !== 1)
          throw new VaultError('damaged', 'the segment has another size than its record says');
      } catch (error) {
        problem(
          key,
          isStoreError(error, 'not-found') ? new VaultError('damaged', 'the segment is missing') : error,
        );
      }
    }
    if (!readAll) continue;
    const reader = new ContentReader(context.segments);
    for (let at = 0; at < list.size; at += READ_STEP) {
      try {
        (await reader.readPieces(list, at, READ_STEP)).giveBack();
      } catch (error) {
        problem('content', error);
        break;
      }
    }
  }
}
