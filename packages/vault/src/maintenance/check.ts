import { segmentBlobSize } from '@latchkey/encryption';
import { storeKey } from '@latchkey/store';
import { blobKey } from '../content/blob-name.js';
import { ContentReader } from '../content/content-reader.js';
import { loadContent } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { readHeaders } from '../header/header-store.js';
import { show } from '../names/path.js';
import type { RecordFields } from '../record/build.js';
import { isStoreError } from '../translate.js';
import { filter } from './gc.js';
import { adopt } from './lost-and-found.js';
import { orphans } from './orphans.js';
import { type Visitor, walk } from './walk.js';

const READ_STEP = 1024 * 1024;
const DEFAULT_MARK_BYTES = 8 * 1024 * 1024;
/** Problems that a report lists; the rest are counted. */
const LISTED_PROBLEMS = 1000;

export interface CheckOptions {
  /** Read and authenticate every byte, not only that every object is there with its right size. */
  readonly readContent?: boolean;
  /** Bring orphaned directories back under /lost+found. */
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
  const problem = (object: string, path: readonly string[] | undefined, error: unknown): void => {
    if (problems.length >= LISTED_PROBLEMS) return;
    const what = error instanceof Error ? error.message : String(error);
    problems.push({ object, what, ...(path === undefined ? {} : { path: show(path) }) });
  };
  const visitor: Visitor = {
    directory(directory) {
      marks.add(directory.register);
      counts.directories++;
      options.onProgress?.(counts);
    },
    blob: (key) => marks.add(key),
    async file(_directory, _row, fields, path) {
      counts.files++;
      counts.bytes += fields.listing.size;
      await checkContent(context, fields, options.readContent === true, (object, error) =>
        problem(object, path, error),
      );
      options.onProgress?.(counts);
    },
    problem,
  };
  for (const copy of await readHeaders(context.store)) {
    if (copy.parsed === undefined)
      problem(copy.key, undefined, copy.problem ?? new Error('this copy of the vault header is missing'));
  }
  await walk(context, context.directories.of(context.rootIdentity), [], visitor);
  const repaired: string[] = [];
  for await (const orphan of orphans(
    context,
    (register) => marks.has(register),
    (object, error) => problem(object, undefined, error),
  )) {
    if (
      orphan.head.state === 'dead' ||
      (orphan.head.counters.files === 0 && orphan.head.counters.directories === 0)
    )
      continue;
    if (options.repair === true) repaired.push(show(await adopt(context, orphan)));
    else
      problem(
        orphan.directory.register,
        undefined,
        new Error('a directory that nothing leads to; repair brings it back under /lost+found'),
      );
    await walk(context, orphan.directory, [], visitor);
  }
  let unreferenced = 0;
  for await (const { key } of context.store.list('b/')) if (!marks.has(key)) unreferenced++;
  return { ...counts, problems, unreferenced, repaired };
}

async function checkContent(
  context: VaultContext,
  { listing, content }: RecordFields,
  readAll: boolean,
  problem: (object: string, error: unknown) => void,
): Promise<void> {
  for (const held of [content, content.draft]) {
    if (held === undefined) continue;
    const list = await loadContent(context, held);
    const expected = held === content ? (listing.draftOnly ? 0 : listing.size) : (content.draft?.size ?? 0);
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
        await reader.read(list, at, READ_STEP);
      } catch (error) {
        problem('content', error);
        break;
      }
    }
  }
}
