import type { Head, SealedRecord } from '@latchkey/encryption';
import type { ETag } from '@latchkey/store';
import { collected } from '../content/blob-writer.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { CARRY_MS, COMMIT_BATCH, HEAD_CHANGE_BYTES } from '../limits.js';
import { asVaultError, isStoreError } from '../translate.js';
import type { Directory } from './directory.js';
import { type Doubt, outcomeOf, unknownOutcome } from './doubt.js';
import { changeRoom, Folding } from './folding.js';
import { Gathering } from './gathering.js';
import { changeBytes, nextHead } from './next-head.js';
import { duePruning } from './releases.js';
import { type Made, Rescue } from './rescue.js';
import { DirectoryGone, Transaction } from './transaction.js';

/** How often a commit is rebased onto somebody else's before it gives up. */
const ATTEMPTS = 200;
const NO_EDITS: ReadonlyMap<string, SealedRecord> = new Map();

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
  /** What becomes of the rest of the head, before `apply` sees it. */
  mend?(head: Head): Promise<Head>;
  /** The operation id, when the same id goes to another directory as well. */
  readonly operation?: Uint8Array;
}

/** What one attempt starts from. */
interface Attempt {
  readonly number: number;
  /** As found, and as mended. */
  readonly found: Head;
  readonly base: Head;
  readonly etag: ETag;
  /** The writer's count of dead sessions, and both clocks, when it began. */
  readonly deaths: number;
  readonly date: number;
  readonly tick: number;
}

interface Waiting {
  readonly change: Change<unknown>;
  readonly operation: Uint8Array;
  result?: unknown;
  /** What the last attempt edited. */
  edits: ReadonlyMap<string, SealedRecord>;
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
  readonly #gathering = new Gathering();
  readonly #folding: Folding;
  #running = false;

  constructor(context: VaultContext, directory: Directory) {
    this.#context = context;
    this.#directory = directory;
    this.#folding = new Folding(context, directory);
  }

  submit<T>(change: Change<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        change,
        operation: change.operation ?? this.#context.provider.randomBytes(16),
        edits: NO_EDITS,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      if (this.#running) this.#gathering.notice(this.#waiting.length);
      else void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await this.#gathering.gather(() => this.#waiting.length);
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
    // What is written on the way lives until all is told, even when its session is followed by another.
    const hold = this.#context.writer.hold();
    try {
      await this.#attempts(batch);
    } finally {
      hold.release();
    }
  }

  async #attempts(batch: Waiting[]): Promise<void> {
    let pending = batch;
    let doubted = false;
    for (let number = 0; number < ATTEMPTS; number++) {
      const { deaths } = this.#context.writer;
      const begun = { date: Date.now(), tick: performance.now() };
      // The head seen last will do for a first attempt: the swap proves it. A refusal wants the newest.
      const cached = number === 0 && !doubted ? this.#directory.cached : undefined;
      const { head: found, etag } = cached ?? (await this.#directory.current());
      pending = await this.#settle(pending, found, etag);
      if (pending.length === 0) return;
      const base = (await pending[0]?.change.mend?.(found)) ?? found;
      const whole = new Transaction(this.#directory, base);
      const applied = await this.#apply(pending, whole, base, cached === undefined);
      if (applied === undefined || (cached !== undefined && !whole.changed)) {
        doubted = true;
        number--;
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
      const made = await this.#swap(pending, whole, { number, found, base, etag, deaths, ...begun });
      if (made === undefined) continue;
      await this.#tell(pending, made);
      this.#folding.start(base);
      return;
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
        one.edits = transaction.edits;
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

  /** What was committed; nothing when it has to be made anew. */
  async #swap(pending: Waiting[], whole: Transaction, attempt: Attempt): Promise<Made | undefined> {
    const { writer, sweeper } = this.#context;
    const { base, found, etag, deaths } = attempt;
    if (changeBytes(base.changes) + whole.editBytes > changeRoom(base))
      await this.#folding.now(base, whole.editBytes);
    const folded = this.#folding.take(base);
    const pruning = await duePruning(this.#context, this.#directory, base, whole.released);
    const operations = pending.map((one) => one.operation);
    const head = nextHead(base, whole, operations, pruning.keep, folded);
    const made: Made = {
      base,
      edits: whole.edits,
      released: whole.released,
      folded,
      deaths,
      changes: pending.map(({ operation, edits }) => ({ operation, edits })),
    };
    await writer.prove(deaths);
    if (Math.max(Date.now() - attempt.date, performance.now() - attempt.tick) > CARRY_MS) {
      this.#folding.giveBack(folded);
      return undefined;
    }
    try {
      await this.#directory.swap(head, etag, {
        reclaims: pending.every((one) => one.change.reclaims === true),
      });
    } catch (error) {
      // After an unknown outcome the pages may be in use: they are neither installed again nor deleted.
      if (refused(error)) this.#folding.giveBack(folded);
      if (isStoreError(error, 'unavailable')) {
        for (const one of pending) one.doubt = { etag, newest: found.operations.at(-1), made };
        if (attempt.number >= 3) throw error;
      } else if (!isStoreError(error, 'conflict')) throw error;
      await pause(attempt.number);
      return undefined;
    }
    sweeper.discard(pruning.drop);
    sweeper.watch(this.#directory, head);
    return made;
  }

  /** Tells those whose doubtful swap did happen, or of whom nobody can say it any more, and returns the others. */
  async #settle(pending: Waiting[], head: Head, etag: ETag): Promise<Waiting[]> {
    if (pending.every((one) => one.doubt === undefined)) return pending;
    const left: Waiting[] = [];
    const done = new Map<Made, Waiting[]>();
    for (const one of pending) {
      const { doubt } = one;
      const outcome = doubt === undefined ? 'not-done' : outcomeOf(doubt, one.operation, head);
      // Once the head is another, a late swap of the old one fails.
      if (outcome === 'not-done' && doubt?.etag !== etag) one.doubt = undefined;
      if (outcome === 'not-done') left.push(one);
      else if (outcome === 'unknown') one.reject(unknownOutcome());
      else if (doubt !== undefined) done.set(doubt.made, [...(done.get(doubt.made) ?? []), one]);
    }
    for (const [made, together] of done) await this.#tell(together, made);
    return left;
  }

  /** Tells those whose change was committed, once it is certain that what it refers to stays. */
  async #tell(done: Waiting[], made: Made): Promise<void> {
    const { writer } = this.#context;
    await writer.look();
    const rescued = writer.deaths === made.deaths ? undefined : await this.#rescue(made);
    for (const one of done) {
      if (rescued !== undefined && [...one.edits.keys()].some((key) => rescued.hasLost(key)))
        one.reject(collected());
      else one.resolve(one.result);
    }
  }

  async #rescue(made: Made): Promise<Rescue | undefined> {
    let rescue: Rescue | undefined;
    try {
      rescue = await Rescue.begin(this.#context, this.#directory, made);
      if (rescue === undefined) return undefined;
      const change = rescue;
      await new Promise<unknown>((resolve, reject) => {
        const operation = this.#context.provider.randomBytes(16);
        this.#attempts([{ change, operation, edits: NO_EDITS, resolve, reject }]).catch(reject);
      });
      return rescue;
    } catch (cause) {
      throw collected(cause);
    } finally {
      rescue?.end();
    }
  }
}

/** Whether a swap that failed so has certainly not happened. */
function refused(error: unknown): boolean {
  return (['conflict', 'no-space', 'read-only', 'too-large'] as const).some((code) =>
    isStoreError(error, code),
  );
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
