import type { Head } from '@latchkey/encryption';
import type { Store } from '@latchkey/store';
import { blobKey } from '../content/blob-name.js';
import type { Directory } from './directory.js';

/** Deletions of one request to the store. */
const BATCH = 500;

/**
 * Deletes what has been released once its grace is over. What it misses, because the process ends or the store does
 * not answer, is left to gc: nothing here is ever needed for correctness.
 */
export class Sweeper {
  readonly #store: Store;
  readonly #graceMs: number;
  readonly #due = new Map<Directory, number>();
  readonly #working = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(store: Store, graceSeconds: number) {
    this.#store = store;
    this.#graceMs = graceSeconds * 1000;
  }

  /** Deletes blobs that nothing refers to, in the background. */
  discard(blobs: readonly Uint8Array[]): void {
    if (blobs.length > 0) this.#track(this.remove(blobs));
  }

  /** Runs `work` once the readers' grace is over, unless the vault is closed before. */
  afterGrace(work: () => Promise<void>): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      if (!this.#closed) this.#track(work().catch(() => undefined));
    }, this.#graceMs + 1000);
    timer.unref?.();
  }

  /** Comes back to a directory whose head has release notes, should no commit do so before. */
  watch(directory: Directory, head: Head): void {
    if (this.#closed || head.state === 'dead') return;
    if (!head.releases.some((note) => note.kind !== 'shared')) {
      this.#due.delete(directory);
      return;
    }
    if (!this.#due.has(directory)) this.#due.set(directory, Date.now() + this.#graceMs + 1000);
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    await Promise.allSettled(this.#working);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const first = this.#due.values().next().value;
    if (first === undefined) return;
    this.#timer = setTimeout(() => this.#sweep(), Math.max(1000, first - Date.now()));
    this.#timer.unref?.();
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const [directory, at] of this.#due) {
      if (at > now) break;
      this.#due.delete(directory);
      const commit = directory.commits.submit({
        apply: async (transaction) => transaction.touch(),
        reclaims: true,
      });
      this.#track(commit.catch(() => undefined));
    }
    this.#arm();
  }

  /** Deletes blobs now, as far as the store lets it. */
  async remove(blobs: readonly Uint8Array[]): Promise<void> {
    try {
      for (let at = 0; at < blobs.length; at += BATCH)
        await this.#store.delete(blobs.slice(at, at + BATCH).map(blobKey));
    } catch {
      // gc finds them.
    }
  }

  #track(work: Promise<void>): void {
    this.#working.add(work);
    void work.finally(() => this.#working.delete(work));
  }
}
