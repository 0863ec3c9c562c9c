import type { Head } from '@latchkey/encryption';
import type { VaultContext } from '../context.js';
import { FOLD_CHANGES, HEAD_BYTES, HEAD_CHANGE_BYTES } from '../limits.js';
import { isStoreError } from '../translate.js';
import type { Directory } from './directory.js';
import { type Folded, fold } from './fold.js';
import { changeBytes, fits, releaseBytes, treeBytes, unfolded } from './next-head.js';

/** Bytes of changes that a head may hold beside the rest of what it has. */
export function changeRoom(base: Head): number {
  return Math.min(HEAD_CHANGE_BYTES, HEAD_BYTES - treeBytes(base.tree) - releaseBytes(base.releases));
}

/** The pages that the next commit of a directory may install: made in the background, or when a head has no room. */
export class Folding {
  readonly #context: VaultContext;
  readonly #directory: Directory;
  #running: Promise<void> | undefined;
  #folded: Folded | undefined;

  constructor(context: VaultContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
  }

  /** What is ready for `base`, handed over. What does not fit is thrown away. */
  take(base: Head): Folded | undefined {
    const folded = this.#folded;
    if (folded === undefined || !this.#fits(folded, base)) {
      this.#discard();
      return undefined;
    }
    this.#folded = undefined;
    return folded;
  }

  /** Takes pages back that were not installed. */
  giveBack(folded: Folded | undefined): void {
    if (folded !== undefined) this.#folded = folded;
  }

  /** Folds for a commit that adds `editBytes` and has no room for them. */
  async now(base: Head, editBytes: number): Promise<void> {
    await this.#running;
    const ready = this.#folded;
    if (ready !== undefined && this.#fits(ready, base)) {
      if (changeBytes(unfolded(base.changes, ready)) <= HEAD_CHANGE_BYTES / 4) return;
    }
    this.#discard();
    try {
      // Twice when the session was followed by another meanwhile.
      for (let round = 0; round < 2 && !(this.#folded && this.#fits(this.#folded, base)); round++) {
        this.#discard();
        this.#folded = await fold(this.#context, this.#directory, base);
      }
    } catch (error) {
      // On a full disk names can still be removed as long as the head has room for it.
      if (!isStoreError(error, 'no-space')) throw error;
      const bytes = changeBytes(base.changes) + editBytes;
      if (bytes + treeBytes(base.tree) + releaseBytes(base.releases) > HEAD_BYTES) throw error;
    }
  }

  /** After a commit onto `base`: folds in the background, for a later commit to install. */
  start(base: Head): void {
    if (this.#running !== undefined || this.#folded !== undefined || base.changes.length < FOLD_CHANGES)
      return;
    this.#running = (async () => {
      try {
        const { head } = await this.#directory.current();
        if (head.changes.length < FOLD_CHANGES || head.state === 'dead') return;
        this.#folded = await fold(this.#context, this.#directory, head);
      } catch {
        // The changes stay in the head; the commit that runs out of room reports the cause.
      } finally {
        this.#running = undefined;
      }
    })();
  }

  /** Pages that lay about until their session was followed by another are not waited for by anybody: gc takes them. */
  #fits(folded: Folded, base: Head): boolean {
    const { writer } = this.#context;
    return fits(folded, base) && folded.written.every((blob) => writer.isCurrent(blob));
  }

  #discard(): void {
    if (this.#folded !== undefined) this.#context.sweeper.discard(this.#folded.written);
    this.#folded = undefined;
  }
}
