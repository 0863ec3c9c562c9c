import type { Head } from '@latchkey/encryption';
import type { ETag } from '@latchkey/store';
import { collected } from '../content/blob-writer.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { CARRY_MS, COMMIT_BATCH, HEAD_CHANGE_BYTES } from '../limits.js';
import { asVaultError, isStoreError } from '../translate.js';
import { type Change, NO_EDITS, refuse, type Waiting } from './change.js';
import type { Directory } from './directory.js';
import { outcomeOf, unknownOutcome } from './doubt.js';
import { changeRoom, Folding } from './folding.js';
import { Gathering } from './gathering.js';
import { changeBytes, nextHead } from './next-head.js';
import { duePruning } from './releases.js';
import { type Made, Rescue } from './rescue.js';
import { DirectoryGone, Transaction } from './transaction.js';

/** How often a commit is rebased onto somebody else's before it gives up. */
const ATTEMPTS = 200;

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
        // What no longer fitted waits for a commit of its own.
        for (const one of batch) if (!this.#waiting.includes(one)) refuse(one, told);
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
      const outcome = await this.#apply(pending, whole, base, cached === undefined);
      if (outcome === undefined || (cached !== undefined && !whole.changed)) {
        doubted = true;
        number--;
        continue;
      }
      const { applied, refusals } = outcome;
      if (applied.length === 0) return;
      if (!whole.changed) {
        for (const one of applied) {
          if (one.doubt === undefined) one.resolve(one.result);
          else one.reject(unknownOutcome());
        }
        for (const [one, error] of refusals) refuse(one, error);
        return;
      }
      const made = await this.#swap(applied, whole, { number, found, base, etag, deaths, ...begun });
      pending = [...applied, ...refusals.keys()];
      if (made === undefined) continue;
      await this.#tell(applied, made);
      for (const [one, error] of refusals) refuse(one, error);
      this.#folding.start(base);
      return;
    }
    throw new VaultError('conflict', 'others kept changing the same directory; nothing was changed');
  }

  /**
   * Runs each change on its own; those that no longer fit go back to the queue. What refuses behind an applied change may
   * do so because of it, and is to be told when that is committed: until then nobody else sees it. Nothing when one refuses
   * and the head is not `proven` to be the newest.
   */
  async #apply(
    pending: Waiting[],
    whole: Transaction,
    base: Head,
    proven: boolean,
  ): Promise<{ applied: Waiting[]; refusals: Map<Waiting, unknown> } | undefined> {
    const room = Math.max(changeRoom(base) - changeBytes(base.changes), HEAD_CHANGE_BYTES / 4);
    const applied: Waiting[] = [];
    const refusals = new Map<Waiting, unknown>();
    for (let index = 0; index < pending.length; index++) {
      const one = pending[index] as Waiting;
      const transaction = whole.begin();
      try {
        if (whole.state === 'dead' && one.change.evenDead !== true) throw new DirectoryGone();
        one.result = await one.change.apply(transaction);
        one.edits = transaction.edits;
        if (whole.changed && whole.editBytes + transaction.editBytes > room) {
          this.#waiting.unshift(...pending.slice(index));
          break;
        }
        whole.merge(transaction);
        applied.push(one);
      } catch (error) {
        if (!proven) return undefined;
        if (whole.changed) refusals.set(one, error);
        else refuse(one, error);
      }
    }
    return { applied, refusals };
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

function pause(attempt: number): Promise<void> {
  if (attempt === 0) return Promise.resolve();
  const most = Math.min(2 ** attempt, 64);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * most));
}
