import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Syncer } from './durability.js';
import { systemCode, unless } from './errors.js';
import { VALUE_NAME } from './generations.js';
import type { TemporaryFiles } from './temporary.js';

const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
const TAKEN: ReadonlySet<string> = new Set(['EEXIST', 'ENOTEMPTY', 'ENOTDIR']);

/**
 * Gives a finished file a name that must be free: the one step on which compare-and-swap rests.
 *
 * A hard link fails when the name exists. Where the file system has no links (FAT, some network and user-space
 * ones), the file goes into a directory of its own, and renaming a directory onto one that is not empty fails
 * just as surely. Either way a name is free or shows the whole value; there is never a file in the making.
 */
export class Publication {
  readonly #temporary: TemporaryFiles;
  readonly #syncer: Syncer;
  #links: boolean;

  constructor(temporary: TemporaryFiles, syncer: Syncer, links: boolean) {
    this.#temporary = temporary;
    this.#syncer = syncer;
    this.#links = links;
  }

  /**
   * Moves the file `source` to `target`; false, and `source` removed, when the name is taken. Throws the system's
   * error when the directory of `target` is missing or cannot be written; `source` is then the caller's to remove.
   */
  publish(source: string, target: string): boolean {
    if (this.#links) {
      try {
        linkSync(source, target);
        this.#temporary.discard(source);
        return true;
      } catch (error) {
        const code = systemCode(error);
        if (code === 'EEXIST') return this.#isTakenByUs(source, target);
        if (!NO_LINKS.has(code)) throw error;
        this.#links = false;
      }
    }
    return this.#publishDirectory(source, target);
  }

  /** A network file system that repeats a request answers "exists" to its own success: the inode tells. */
  #isTakenByUs(source: string, target: string): boolean {
    const ours = statSync(source, { bigint: true });
    const theirs = unless(['ENOENT'], () => statSync(target, { bigint: true }));
    unlinkSync(source);
    return theirs !== undefined && theirs.ino === ours.ino && theirs.dev === ours.dev;
  }

  #publishDirectory(source: string, target: string): boolean {
    const directory = this.#temporary.path();
    mkdirSync(directory, { mode: 0o700 });
    try {
      renameSync(source, join(directory, VALUE_NAME));
      if (this.#syncer.active) syncDirectory(directory);
      renameSync(directory, target);
      return true;
    } catch (error) {
      this.#temporary.discard(directory);
      if (TAKEN.has(systemCode(error))) return false;
      throw error;
    }
  }
}

/** Synchronous, for the rare path without links. */
function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    unless(['EINVAL', 'ENOTSUP', 'EISDIR'], () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}
