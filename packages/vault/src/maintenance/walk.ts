import { type Head, type PageRef, splitVersionKey } from '@latchkey/encryption';
import { sameBytes } from '../bytes.js';
import { blobKey } from '../content/blob-name.js';
import { contentBlobs } from '../content/stored-content.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { readSpilled } from '../directory/releases.js';
import { listingOf, type Row } from '../directory/rows.js';
import { VaultError } from '../errors.js';
import { linked } from '../names/link.js';
import { identityOf, openRecord, type RecordFields } from '../record/build.js';
import { nameOf } from '../record/entry.js';
import type { Path } from '../session.js';

/** How often a directory whose pages are replaced and deleted under a walk is looked at anew. */
const ATTEMPTS = 8;
/** Subdirectories that are remembered until their parent has been read; the rest are entered while it is read. */
const REMEMBERED_CHILDREN = 20_000;

/** What a walk tells of. Each method may throw to end the walk. */
export interface Visitor {
  /** Whether a directory that has changed meanwhile is begun again or gone on with after the last name. */
  readonly onChange: 'begin-again' | 'go-on';
  directory(directory: Directory, head: Head, path: Path): void | Promise<void>;
  /** A blob that is needed as long as what was visited stands. */
  blob(key: string): void;
  file(directory: Directory, row: Row, fields: RecordFields, path: Path): void | Promise<void>;
  /** Every directory record, wherever it leads. */
  named?(row: Row): void;
  /** A directory record that leads nowhere. */
  leftOver?(directory: Directory, row: Row): Promise<void>;
  /** Something cannot be read. The walk goes on with the rest. */
  problem(object: string, path: Path, error: unknown): void;
  /** A record leads to a directory whose head is not in the store. */
  missing?(directory: Directory): void;
  /** Release notes from before this time, in seconds since 1970, protect nothing any more. */
  readonly notesFrom: number;
}

/** Thrown by a visitor to end the whole walk. */
export class WalkEnded extends VaultError {}

/** Visits a directory and everything below it. */
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
  const children: Row[] = [];
  let after: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      // First, because of a removed directory the pages may be gone, and not what its notes protect.
      await visitReleases(context, directory, head, visitor);
      await visitPages(context, directory, head.tree, head.level, visitor);
      for await (const rows of directory.tree(head).scan(after === undefined ? {} : { after })) {
        for (const row of rows) {
          if (listingOf(row).kind !== 'directory') await visitFile(context, directory, row, path, visitor);
          else {
            visitor.named?.(row);
            if (children.length < REMEMBERED_CHILDREN) children.push(row);
            else await visitChild(context, directory, row, path, visitor);
          }
          after = row.key;
        }
      }
      break;
    } catch (error) {
      if (error instanceof WalkEnded) throw error;
      const { revision } = head;
      head = await directory.head(performance.now()).catch(() => head);
      if (head.revision === revision || attempt === ATTEMPTS) {
        visitor.problem(directory.register, path, error);
        break;
      }
      // A name may have moved from what was still to come to what has been passed.
      if (visitor.onChange === 'begin-again') {
        after = undefined;
        children.length = 0;
      }
    }
  }
  // Only now, because pages of a directory in use do not last as long as a walk through all that is below it.
  for (const row of children) await visitChild(context, directory, row, path, visitor);
}

async function visitChild(
  context: VaultContext,
  directory: Directory,
  row: Row,
  parentPath: Path,
  visitor: Visitor,
): Promise<void> {
  const path = [...parentPath, nameOf(row.key)];
  try {
    const child = await linked(context, directory, row, performance.now());
    if (child !== undefined) await walk(context, child, path, visitor);
    else await visitor.leftOver?.(directory, row);
  } catch (error) {
    if (error instanceof WalkEnded) throw error;
    // Removed and swept since the parent was read: then the parent says so.
    if ((await currentRow(directory, row)) !== 'same') return;
    visitor.problem(directory.register, path, error);
    await tellMissing(context, directory, row, visitor);
  }
}

async function tellMissing(
  context: VaultContext,
  directory: Directory,
  row: Row,
  visitor: Visitor,
): Promise<void> {
  if (visitor.missing === undefined) return;
  try {
    const child = context.directories.of(identityOf(openRecord(context, directory, row)));
    if ((await context.store.readRegister(child.register)).status === 'absent') visitor.missing(child);
  } catch {
    // The record or the store has been told of already.
  }
}

async function visitFile(
  context: VaultContext,
  directory: Directory,
  row: Row,
  parentPath: Path,
  visitor: Visitor,
): Promise<void> {
  const version = splitVersionKey(row.key)?.place;
  const path = [...parentPath, nameOf(row.key) + (version === undefined ? '' : ` (version ${version})`)];
  let now = row;
  for (let attempt = 1; ; attempt++) {
    try {
      const fields = openRecord(context, directory, now);
      for (const key of (await contentBlobs(context, fields.content)).keys()) visitor.blob(key);
      await visitor.file(directory, now, fields, path);
      return;
    } catch (error) {
      if (error instanceof WalkEnded) throw error;
      const current = await currentRow(directory, now);
      if (current === undefined) return;
      if (current === 'same' || attempt === ATTEMPTS) {
        visitor.problem(directory.register, path, error);
        return;
      }
      now = current;
    }
  }
}

/** What stands under a row's key now: the `same` record, another one or none. */
export async function currentRow(directory: Directory, row: Row): Promise<Row | 'same' | undefined> {
  try {
    const now = await directory.tree(await directory.head(performance.now())).get(row.key);
    return now !== undefined && sameBytes(now.listing, row.listing) ? 'same' : now;
  } catch {
    return 'same';
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
    if (note.seconds < visitor.notesFrom) continue;
    for (const blob of note.blobs) visitor.blob(blobKey(blob));
    if (note.kind !== 'spilled') continue;
    for (const blob of note.blobs) {
      for (const inner of await readSpilled(context, directory, blob)) {
        for (const released of inner.blobs) visitor.blob(blobKey(released));
      }
    }
  }
}
