import { randomFillSync } from 'node:crypto';
import { existsSync, renameSync, statfsSync, unlinkSync } from 'node:fs';
import { unless } from './errors.js';
import type { Root } from './root.js';
import type { TemporaryFiles } from './temporary.js';
import { closeFile, writeAll } from './writing.js';

const PAUSE_MS = 10_000;

/**
 * Ballast. A swap that lets space be freed must not fail because there is none: it drops this file, and the file
 * is written again once there is room for it several times over.
 */
export class Reserve {
  readonly #root: Root;
  readonly #temporary: TemporaryFiles;
  readonly #bytes: number;
  #building: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(root: Root, temporary: TemporaryFiles, bytes: number) {
    this.#root = root;
    this.#temporary = temporary;
    this.#bytes = bytes;
  }

  /** Frees the reserve; whether there was one. */
  release(): boolean {
    this.#triedAt = performance.now();
    return unless(['ENOENT'], () => unlinkSync(this.#root.layout.reserve)) === undefined
      ? !existsSync(this.#root.layout.reserve)
      : true;
  }

  /** Builds the reserve in the background if it is missing and there is room. Never fails. */
  maintain(): void {
    if (this.#bytes === 0 || this.#building !== undefined) return;
    if (performance.now() - this.#triedAt < PAUSE_MS || existsSync(this.#root.layout.reserve)) return;
    this.#triedAt = performance.now();
    this.#building = this.#build().finally(() => {
      this.#building = undefined;
    });
  }

  /** Waits for a build under way. */
  async settled(): Promise<void> {
    await this.#building;
  }

  async #build(): Promise<void> {
    let draft: string | undefined;
    try {
      const space = statfsSync(this.#root.layout.root);
      if (space.bavail * space.bsize < this.#bytes * 4) return;
      const { path, fd } = this.#temporary.open();
      draft = path;
      try {
        // Random, because a file system that compresses would keep nothing aside for zeros.
        const block = new Uint8Array(Math.min(this.#bytes, 1024 * 1024));
        randomFillSync(block);
        for (let at = 0; at < this.#bytes; at += block.length) {
          await writeAll(fd, block.subarray(0, Math.min(block.length, this.#bytes - at)), at);
        }
      } finally {
        await closeFile(fd);
      }
      renameSync(path, this.#root.layout.reserve);
    } catch {
      if (draft !== undefined) this.#temporary.discard(draft);
    }
  }
}
