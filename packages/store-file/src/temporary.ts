import { createHash, randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { opendir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemCode } from './errors.js';
import { removeQuietly } from './removal.js';
import type { Root } from './root.js';

const DAY = 24 * 60 * 60 * 1000;
const NAME = /^([0-9a-f]{8})-([0-9]+)-/;

// The random part keeps apart processes of equal number: in containers, after a restart, worker threads.
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PREFIX = `${HOST}-${process.pid}-${randomBytes(6).toString('hex')}`;
let created = 0;

/** The folder of files being written. Whatever lies elsewhere in the store is whole. */
export class TemporaryFiles {
  readonly #root: Root;

  constructor(root: Root) {
    this.#root = root;
  }

  /** A path that no other process or thread uses. */
  path(): string {
    created += 1;
    return join(this.#root.layout.temporary, `${PREFIX}-${created}`);
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
