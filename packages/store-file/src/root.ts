import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from '@latchkey/store';
import { systemCode, toStoreError, unless } from './errors.js';
import { Layout, MARKER_TEXT } from './layout.js';

const MISSING = ['ENOENT', 'ENOTDIR'];

/**
 * The root directory, known by its marker file. An unmounted disk leaves an empty mount point behind: the marker
 * is what keeps the store from taking that for an empty store, or from filling the disk beneath it.
 */
export class Root {
  readonly layout: Layout;

  private constructor(layout: Layout) {
    this.layout = layout;
  }

  /** Throws `no-store`, `unsupported` (a newer layout), `read-only` or `unavailable`. */
  static open(path: string, create: boolean): Root {
    const layout = new Layout(path);
    try {
      if (!hasMarker(layout)) {
        if (!create) throw new StoreError('no-store', `there is no store at ${path}`);
        initialise(layout);
      }
      // A tool that copied the store may have left out empty directories. A read-only medium is no error here.
      for (const directory of [layout.blobs, layout.registers, layout.temporary]) {
        unless(['EEXIST', 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT'], () =>
          mkdirSync(directory, { mode: 0o700 }),
        );
      }
    } catch (error) {
      throw toStoreError(error, `opening the store at ${path}`, create ? 'write' : 'read');
    }
    return new Root(layout);
  }

  /** Throws `no-store` when the root or its marker has gone since the store was opened. */
  assertPresent(): void {
    if (unless(MISSING, () => statSync(this.layout.marker)) === undefined) {
      throw new StoreError(
        'no-store',
        `the store at ${this.layout.root} has gone (unmounted, moved or removed)`,
      );
    }
  }

  /**
   * Makes the directories above `path`, one by one from below the root, never the root itself: a root that
   * vanished is an error and not an empty store.
   */
  makeParents(path: string): void {
    const parent = dirname(path);
    if (parent.length <= this.layout.root.length) {
      this.assertPresent();
      return;
    }
    try {
      mkdirSync(parent, { mode: 0o700 });
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return;
      if (systemCode(error) !== 'ENOENT') throw error;
      this.makeParents(parent);
      unless(['EEXIST'], () => mkdirSync(parent, { mode: 0o700 }));
    }
  }

  /**
   * Runs `call`, which puts something at `path`, making its parents when they are missing. Another process may
   * remove an emptied directory in between, hence the repetition.
   */
  place(path: string, call: () => void): void {
    for (let attempt = 1; ; attempt += 1) {
      try {
        call();
        return;
      } catch (error) {
        if (systemCode(error) !== 'ENOENT' || attempt === 10) throw error;
        // First, or an empty mount point would be furnished like a store.
        this.assertPresent();
        this.makeParents(path);
      }
    }
  }

  /** Removes the directories above `path` that became empty, below `base`. Never fails. */
  removeEmptyParents(path: string, base: string): void {
    for (let parent = dirname(path); parent.length > base.length; parent = dirname(parent)) {
      try {
        rmdirSync(parent);
      } catch {
        return;
      }
    }
  }
}

function hasMarker(layout: Layout): boolean {
  const text = unless(MISSING, () => readFileSync(layout.marker, 'utf8'));
  if (text === undefined) return false;
  if (text !== MARKER_TEXT) {
    throw new StoreError('unsupported', `${layout.marker} names a layout that this program does not know`);
  }
  return true;
}

function initialise(layout: Layout): void {
  makeDirectories(layout.root);
  const names = unless(['ENOTDIR'], () => readdirSync(layout.root));
  if (names === undefined) throw new StoreError('no-store', `${layout.root} is not a directory`);
  // A fresh file system has its own directory; names of ours are left by a creation that was interrupted.
  const foreign = names.filter((name) => name !== 'lost+found' && !Layout.OWN_NAMES.includes(name));
  if (foreign.length > 0) {
    throw new StoreError('no-store', `${layout.root} is neither empty nor a store`);
  }
  for (const directory of [layout.temporary, layout.blobs, layout.registers]) {
    unless(['EEXIST'], () => mkdirSync(directory, { mode: 0o700 }));
  }
  // Last and at once: whoever sees the marker sees a complete store.
  const draft = join(layout.temporary, `marker-${process.pid}`);
  const fd = openSync(draft, 'w', 0o600);
  try {
    writeSync(fd, MARKER_TEXT);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(draft, layout.marker);
}

/** Not the recursive form of mkdir, which answers "no such file" on a read-only disk. */
function makeDirectories(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    const parent = dirname(path);
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error;
    makeDirectories(parent);
    unless(['EEXIST'], () => mkdirSync(path, { mode: 0o700 }));
  }
}
