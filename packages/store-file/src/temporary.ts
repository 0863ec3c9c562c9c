import { createHash, randomBytes } from 'node:crypto';
import { closeSync, constants, existsSync, fstatSync, openSync, renameSync } from 'node:fs';
import { opendir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, sep } from 'node:path';
import { systemCode } from './errors.js';
import { removeQuietly } from './removal.js';
import type { Root } from './root.js';

const DAY = 24 * 60 * 60 * 1000;
const NAME = /^([0-9a-f]{8})-([0-9]+)-/;

// The random part keeps apart processes of equal number: in containers, after a restart, worker threads.
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PREFIX = `${HOST}-${process.pid}-${randomBytes(6).toString('hex')}`;
let created = 0;

/** Files kept for {@link TemporaryFiles.reopen}, at most a head each. */
const SPARES = 4;

/** The folder of files being written. Whatever lies elsewhere in the store is whole. */
export class TemporaryFiles {
  readonly #root: Root;
  readonly #spares: string[] = [];

  constructor(root: Root) {
    this.#root = root;
  }

  /** A path that no other process or thread uses. */
  path(): string {
    created += 1;
    return `${this.#root.layout.temporary}${sep}${PREFIX}-${created}`;
  }

  /** Creates a file, readable by its owner only. */
  open(): { path: string; fd: number } {
    const path = this.path();
    let fd = -1;
    this.#root.place(path, () => {
      fd = openSync(path, 'wx', 0o600);
    });
    return { path, fd };
  }

  /**
   * The same, but preferably a file that {@link recycle} has put aside: ext4 does not give out the inode of a deleted
   * file for a while, and looks at each of them whenever a file is made, so that a register that made and deleted a
   * file with every swap would slow down every other file that is made. The file may hold old bytes.
   */
  reopen(): { path: string; fd: number } {
    for (let path = this.#spares.pop(); path !== undefined; path = this.#spares.pop()) {
      const fd = openOwn(path);
      if (fd !== undefined) return { path, fd };
      this.discard(path);
    }
    return this.open();
  }

  /** Takes a file that is not needed any more out of its place, for {@link reopen}. False when it is still there. */
  recycle(file: string): boolean {
    if (this.#spares.length < SPARES) {
      const path = this.path();
      try {
        renameSync(file, path);
        this.#spares.push(path);
        return true;
      } catch {}
    }
    this.discard(file);
    return !existsSync(file);
  }

  /** Removes what was put aside. */
  discardSpares(): void {
    for (const path of this.#spares.splice(0)) this.discard(path);
  }

  /** Removes a temporary file or directory if it is there. Never fails: it is removed for age later. */
  discard(path: string): void {
    removeQuietly(path);
  }

  /** Removes what processes that are gone left more than a day ago. Never fails. Reads this one folder only. */
  async removeStale(now: number): Promise<void> {
    try {
      for await (const entry of await opendir(this.#root.layout.temporary)) {
        const path = join(this.#root.layout.temporary, entry.name);
        if (isOwnedByLiving(entry.name)) continue;
        const { mtimeMs } = await stat(path);
        if (now - mtimeMs > DAY) await rm(path, { recursive: true, force: true });
      }
    } catch {}
  }
}

// Whoever owns the medium may have planted a link to another file, or a pipe: only a plain file of one name will do.
const FLAGS: number = constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

function openOwn(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch {
    return undefined;
  }
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink === 1) return fd;
  closeSync(fd);
  return undefined;
}

function isOwnedByLiving(name: string): boolean {
  const match = NAME.exec(name);
  if (match === null || match[1] !== HOST) return false;
  try {
    process.kill(Number(match[2]), 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
