import type { Head } from '@latchkey/encryption';
import type { ETag } from '@latchkey/store';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { COMMIT_BATCH, FOLD_CHANGES, HEAD_BYTES, HEAD_CHANGE_BYTES } from '../limits.js';
import { asVaultError, isStoreError } from '../translate.js';
import type { Directory } from './directory.js';
import { type Doubt, outcomeOf, unknownOutcome } from './doubt.js';
import { type Folded, fold } from './fold.js';
import { changeBytes, fits, nextHead, releaseBytes, treeBytes, unfolded } from './next-head.js';
import { duePruning } from './releases.js';
import { DirectoryGone, Transaction } from './transaction.js';

/** How often a commit is rebased onto somebody else's before it gives up. */
const ATTEMPTS = 200;

/**
 * One change of a directory. `apply` may run several times, each time on a newer head, and must leave everything
 * outside the transaction alone. What it throws refuses this change only.
 */
export interface Change<T> {
  apply(transaction: Transaction): Promise<T>;
  /** The change frees space and may use the store's reserve. */
  readonly reclaims?: boolean;
  /** Apply to a directory that is dead, too. */
  readonly evenDead?: boolean;
  /** The operation id, when the same id goes to another directory as well. */
  readonly operation?: Uint8Array;
}

interface Waiting {
  readonly change: Change<unknown>;
  readonly operation: Uint8Array;
  result?: unknown;
  /** The last attempt whose outcome is unknown, as long as it may still take effect. */
  doubt?: Doubt | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: one swap of the head is in flight, and the changes that arrive meanwhile ride together in the next.
 * A swap whose outcome is unknown is settled by looking for its operation ids in the head.
 */
export class CommitQueue {
  readonly #context: VaultContext;
  readonly #directory: Directory;
  readonly #waiting: Waiting[] = [];
  #running = false;
  #folding: Promise<void> | undefined;
  #folded: Folded | undefined;

  constructor(context: VaultContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
  }

  submit<T>(change: Change<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        change,
        operation: change.operation ?? this.#context.provider.randomBytes(16),
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      // What the sockets have already received shares the commit: a swap that never waits would leave it behind.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#waiting.splice(0, COMMIT_BATCH);
      try {
        await this.#commit(batch);
      } catch (error) {
        const told = asVaultError(error);
        for (const one of batch) refuse(one, told);
      }
    }
    this.#running = false;
  }

  async #commit(batch: Waiting[]): Promise<void> {
    let pending = batch;
    let doubted = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { deaths } = this.#context.writer;
      // The head seen last will do for a first attempt: the swap proves it. A refusal wants the newest.
      const cached = attempt === 0 && !doubted ? this.#directory.cached : undefined;
      const { head: base, etag } = cached ?? (await this.#directory.current());
      pending = settle(pending, base, etag);
      if (pending.length === 0) return;
      const whole = new Transaction(this.#directory, base);
      const applied = await this.#apply(pending, whole, base, cached === undefined);
      if (applied === undefined || (cached !== undefined && !whole.changed)) {
        doubted = true;
        attempt--;
        continue;
      }
      pending = applied;
      if (pending.length === 0) return;
      if (!whole.changed) {
        for (const one of pending) {
          if (one.doubt === undefined) one.resolve(one.result);
          else one.reject(unknownOutcome());
        }
        return;
      }
      if (await this.#swap(pending, whole, base, etag, attempt, deaths)) {
        for (const one of pending) one.resolve(one.result);
        this.#startFold(base);
        return;
      }
    }
    throw new VaultError('conflict', 'others kept changing the same directory; nothing was changed');
  }

  /**
   * Runs each change on its own; those that refuse are told so, those that no longer fit go back to the queue.
   * Nothing when one refuses and the head is not `proven` to be the newest.
   */
  async #apply(
    pending: Waiting[],
    whole: Transaction,
    base: Head,
    proven: boolean,
  ): Promise<Waiting[] | undefined> {
    const room = Math.max(changeRoom(base) - changeBytes(base.changes), HEAD_CHANGE_BYTES / 4);
    const applied: Waiting[] = [];
    for (let index = 0; index < pending.length; index++) {
      const one = pending[index] as Waiting;
      const transaction = whole.begin();
      try {
        if (whole.state === 'dead' && one.change.evenDead !== true) throw new DirectoryGone();
        one.result = await one.change.apply(transaction);
        if (applied.length > 0 && whole.editBytes + transaction.editBytes > room) {
          this.#waiting.unshift(...pending.slice(index));
          break;
        }
        whole.merge(transaction);
        applied.push(one);
      } catch (error) {
        if (!proven) return undefined;
        refuse(one, error);
      }
    }
    return applied;
  }

  async #swap(
    pending: Waiting[],
    whole: Transaction,
    base: Head,
    etag: ETag,
    attempt: number,
    deaths: number,
  ): Promise<boolean> {
    const { writer, sweeper } = this.#context;
    if (changeBytes(base.changes) + whole.editBytes > changeRoom(base)) await this.#foldNow(base, whole);
    const folded = this.#takeFold(base);
    const pruning = await duePruning(this.#context, this.#directory, base, whole.released);
    const operations = pending.map((one) => one.operation);
    const head = nextHead(base, whole, operations, pruning.keep, folded);
    await writer.prove(deaths);
    try {
      await this.#directory.swap(head, etag, {
        reclaims: pending.every((one) => one.change.reclaims === true),
      });
    } catch (error) {
      // After an unknown outcome the pages may be in use: they are neither installed again nor deleted.
      if (folded !== undefined && refused(error)) this.#folded = folded;
      if (isStoreError(error, 'conflict') || isStoreError(error, 'unavailable')) {
        if (isStoreError(error, 'unavailable')) {
          const doubt = { etag, newest: base.operations.at(-1) };
          for (const one of pending) one.doubt = doubt;
          if (attempt >= 3) throw error;
        }
        await pause(attempt);
        return false;
      }
      throw error;
    }
    sweeper.discard(pruning.drop);
    sweeper.watch(this.#directory, head);
    // After a long sleep between the proof and the swap nobody is told that the data is safe.
    await writer.prove(deaths);
    return true;
  }

  #takeFold(base: Head): Folded | undefined {
    const folded = this.#folded;
    this.#folded = undefined;
    if (folded === undefined) return undefined;
    if (fits(folded, base) && folded.deaths === this.#context.writer.deaths) return folded;
    this.#context.sweeper.discard(folded.written);
    return undefined;
  }

  async #foldNow(base: Head, batch: Transaction): Promise<void> {
    await this.#folding;
    const ready = this.#folded;
    if (ready !== undefined) {
      const whole = ready.deaths === this.#context.writer.deaths && fits(ready, base);
      if (whole && changeBytes(unfolded(base.changes, ready)) <= HEAD_CHANGE_BYTES / 4) return;
      this.#context.sweeper.discard(ready.written);
      this.#folded = undefined;
    }
    try {
      this.#folded = await fold(this.#context, this.#directory, base);
    } catch (error) {
      // On a full disk names can still be removed as long as the head has room for it.
      if (!isStoreError(error, 'no-space')) throw error;
      const bytes = changeBytes(base.changes) + batch.editBytes;
      if (bytes + treeBytes(base.tree) + releaseBytes(base.releases) > HEAD_BYTES) throw error;
    }
  }

  /** After a commit: folds in the background, for a later commit to install. */
  #startFold(base: Head): void {
    if (this.#folding !== undefined || this.#folded !== undefined || base.changes.length < FOLD_CHANGES)
      return;
    this.#folding = (async () => {
      try {
        const { head } = await this.#directory.current();
        if (head.changes.length < FOLD_CHANGES || head.state === 'dead') return;
        this.#folded = await fold(this.#context, this.#directory, head);
      } catch {
        // The changes stay in the head; the commit that runs out of room reports the cause.
      } finally {
        this.#folding = undefined;
      }
    })();
  }
}

/** Bytes of changes that a head may hold beside the rest of what it has. */
function changeRoom(base: Head): number {
  return Math.min(HEAD_CHANGE_BYTES, HEAD_BYTES - treeBytes(base.tree) - releaseBytes(base.releases));
}

/** Whether a swap that failed so has certainly not happened. */
function refused(error: unknown): boolean {
  return (['conflict', 'no-space', 'read-only', 'too-large'] as const).some((code) =>
    isStoreError(error, code),
  );
}

/** Tells those whose doubtful swap did happen, or of whom nobody can say it any more, and returns the others. */
function settle(pending: Waiting[], head: Head, etag: ETag): Waiting[] {
  return pending.filter((one) => {
    if (one.doubt === undefined) return true;
    const outcome = outcomeOf(one.doubt, one.operation, head);
    if (outcome === 'done') one.resolve(one.result);
    else if (outcome === 'unknown') one.reject(unknownOutcome());
    // Once the head is another, a late swap of the old one fails.
    else if (one.doubt.etag !== etag) one.doubt = undefined;
    return outcome === 'not-done';
  });
}

/** Nobody is told that nothing was changed while a swap that changes it may still arrive. Damage is damage. */
function refuse(one: Waiting, error: unknown): void {
  const told = asVaultError(error);
  one.reject(one.doubt === undefined || told.code === 'damaged' ? error : unknownOutcome(error));
}

function pause(attempt: number): Promise<void> {
  if (attempt === 0) return Promise.resolve();
  const most = Math.min(2 ** attempt, 64);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}
