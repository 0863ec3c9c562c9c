import type { Head, PageRef } from '@latchkey/encryption';
import { blobKey } from '../content/blob-name.js';
import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { readSpilled } from '../directory/releases.js';
import { listingOf, type Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { linked } from '../names/link.js';
import { openRecord, type RecordFields } from '../record/build.js';
import { nameOf } from '../record/entry.js';
import type { Path } from '../session.js';

/** What a walk tells of. Each method may throw to end the walk. */
export interface Visitor {
  directory(directory: Directory, head: Head, path: Path): void | Promise<void>;
  /** A blob that is needed as long as what was visited stands. */
  blob(key: string): void;
  file(directory: Directory, row: Row, fields: RecordFields, path: Path): void | Promise<void>;
  /** Something cannot be read. The walk goes on with the rest. */
  problem(object: string, path: Path, error: unknown): void;
}

/** Visits a directory and everything below it, with memory for one page per level. */
export async function walk(
  context: VaultContext,
  directory: Directory,
  path: Path,
  visitor: Visitor,
): Promise<void> {
  let head: Head;
  try {
    head = await directory.head(performance.now());
  } catch (error) {
    visitor.problem(directory.register, path, error);
    return;
  }
  await visitor.directory(directory, head, path);
  try {
    await visitPages(context, directory, head.tree, head.level, visitor);
    await visitReleases(context, directory, head, visitor);
    for await (const rows of directory.tree(head).scan()) {
      for (const row of rows) await visitRow(context, directory, row, [...path, nameOf(row.key)], visitor);
    }
  } catch (error) {
    if (error instanceof WalkEnded) throw error;
    visitor.problem(directory.register, path, error);
  }
}

/** Thrown by a visitor to end the whole walk. */
export class WalkEnded extends VaultError {}

async function visitRow(
  context: VaultContext,
  directory: Directory,
  row: Row,
  path: Path,
  visitor: Visitor,
): Promise<void> {
  try {
    if (listingOf(row).kind === 'directory') {
      const child = await linked(context, directory, row, performance.now());
      if (child !== undefined) await walk(context, child, path, visitor);
      return;
    }
    const fields = openRecord(context, directory, row);
    for (const key of (await contentBlobs(context, fields.content)).keys()) visitor.blob(key);
    await visitor.file(directory, row, fields, path);
  } catch (error) {
    if (error instanceof WalkEnded) throw error;
    visitor.problem(directory.register, path, error);
  }
}

async function visitPages(
  context: VaultContext,
  directory: Directory,
  refs: readonly PageRef[],
  level: number,
  visitor: Visitor,
): Promise<void> {
  if (level === 0) return;
  for (const ref of refs) {
    visitor.blob(blobKey(ref.blob));
    if (level > 1) {
      const page = await context.pages.load(directory.keys, ref);
      await visitPages(context, directory, page.refs, level - 1, visitor);
    }
  }
}

async function visitReleases(
  context: VaultContext,
  directory: Directory,
  head: Head,
  visitor: Visitor,
): Promise<void> {
  for (const note of head.releases) {
    for (const blob of note.blobs) visitor.blob(blobKey(blob));
    if (note.kind !== 'spilled') continue;
    for (const blob of note.blobs) {
      for (const inner of await readSpilled(context, directory, blob)) {
        for (const released of inner.blobs) visitor.blob(blobKey(released));
      }
    }
  }
}
