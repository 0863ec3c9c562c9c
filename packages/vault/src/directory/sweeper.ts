import type { DirectoryIdentity, Head } from '@latchkey/encryption';
import type { Store } from '@latchkey/store';
import { blobKey } from '../content/blob-name.js';
import type { Directories } from './directories.js';
import type { Directory } from './directory.js';

/** Deletions of one request to the store. */
const BATCH = 500;
/** Directories, and dead subtrees, that are remembered for a later sweep. What is over that is left to gc. */
const REMEMBERED = 10_000;
/** Directories swept at once. */
const PARALLEL = 8;
/** Longer delays overflow a timer. */
const MAX_TIMER_MS = 24 * 60 * 60 * 1000;

/**
 * Deletes what has been released once its grace is over. What it misses, because the process ends or the store does
 * not answer, is left to gc: nothing here is ever needed for correctness.
 */
export class Sweeper {
  readonly #store: Store;
  readonly #graceMs: number;
  readonly #directories: Directories;
  /** When to come back to a directory, on the monotonic clock, by its register. Not the directory, which holds its head. */
  readonly #due = new Map<string, { readonly identity: DirectoryIdentity; readonly at: number }>();
  readonly #working = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #later = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(store: Store, graceSeconds: number, directories: Directories) {
    this.#store = store;
    this.#directories = directories;
    this.#graceMs = Math.min(graceSeconds * 1000, MAX_TIMER_MS);
  }

  /** Deletes blobs that nothing refers to, in the background. */
  discard(blobs: readonly Uint8Array[]): void {
    if (blobs.length > 0) this.#track(this.remove(blobs));
  }

  /** Does in the background what nobody waits for but {@link close}. It must not reject. */
  background(work: () => Promise<void>): void {
    if (!this.#closed) this.#track(work());
  }

  /** Runs `work` once the readers' grace is over, unless the vault is closed before. */
  afterGrace(work: () => Promise<void>): void {
    if (this.#closed || this.#later.size >= REMEMBERED) return;
    const timer = setTimeout(() => {
      this.#later.delete(timer);
      this.#track(work().catch(() => undefined));
    }, this.#graceMs + 1000);
    timer.unref?.();
    this.#later.add(timer);
  }

  /** Comes back to a directory whose head has release notes, should no commit do so before. */
  watch(directory: Directory, head: Head): void {
    if (this.#closed || head.state === 'dead') return;
    if (!head.releases.some((note) => note.kind !== 'shared')) {
      this.#due.delete(directory.register);
      return;
    }
    if (!this.#due.has(directory.register) && this.#due.size < REMEMBERED)
      this.#due.set(directory.register, {
        identity: directory.keys,
        at: performance.now() + this.#graceMs + 1000,
      });
    this.#arm();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    for (const timer of this.#later) clearTimeout(timer);
    this.#later.clear();
    this.#due.clear();
    await Promise.allSettled(this.#working);
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#closed) return;
    const first = this.#due.values().next().value;
    if (first === undefined) return;
    const wait = Math.max(1000, first.at - performance.now());
    this.#timer = setTimeout(() => this.#track(this.#sweep()), wait);
    this.#timer.unref?.();
  }

  async #sweep(): Promise<void> {
    const now = performance.now();
    const ready: DirectoryIdentity[] = [];
    for (const [register, { identity, at }] of this.#due) {
      if (at > now) break;
      this.#due.delete(register);
      ready.push(identity);
    }
    const worker = async (): Promise<void> => {
      for (let next = ready.pop(); next !== undefined && !this.#closed; next = ready.pop())
        await sweepOne(this.#directories.of(next));
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    this.#timer = undefined;
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

/** A commit drops the notes that are due, and what it drops is deleted. */
async function sweepOne(directory: Directory): Promise<void> {
  try {
    await directory.commits.submit({
      apply: async (transaction) => transaction.touch(),
      reclaims: true,
    });
  } catch {
    // The next commit does it, or gc.
  }
}
