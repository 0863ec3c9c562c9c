import { networkOf } from './network.js';

/** Addresses remembered at most; the longest unused is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** A failure is forgotten after this many milliseconds without another. */
const MEMORY_MS = 15 * 60_000;

/** Failures within that time after which an address is not talked to until they are forgotten. */
const BAN_AFTER = 200;

/** Slows down guessing. One is shared by the servers of all protocols, so that a guesser cannot change between them. */
export interface LoginThrottle {
  /**
   * Counts an attempt, failed until {@link succeeded} says otherwise, from an IP address or the network of one. Returns
   * how many milliseconds it has to wait before it is checked, or its answer, if it has failed already.
   */
  begin(address: string): number;
  /** The attempt that was counted last has succeeded. */
  succeeded(address: string): void;
  /** Whether so many attempts failed that the address is not talked to for the time being. */
  banned(address: string): boolean;
}

interface Failures {
  count: number;
  lastMs: number;
}

/**
 * Each failure doubles the wait of the next attempt from its address, which waits *before* it is checked: hanging up
 * early gains nothing. An attempt counts as failed from its beginning, so that many at once do not slip through.
 */
export class LoginDelays implements LoginThrottle {
  readonly #failures = new Map<string, Failures>();
  readonly #stepMs: number;
  readonly #maxMs: number;
  readonly #now: () => number;
  readonly #banAfter: number;

  /**
   * `stepMs`: milliseconds that the first failure costs, doubling with each; `maxMs`: their limit; `banAfter`: failures
   * after which an address is banned.
   */
  constructor(stepMs: number, maxMs: number, now: () => number = Date.now, banAfter: number = BAN_AFTER) {
    this.#stepMs = stepMs;
    this.#maxMs = maxMs;
    this.#now = now;
    this.#banAfter = banAfter;
  }

  /**
   * Whether an address has failed so often that its connections are to be closed unanswered. It is forgotten a quarter
   * of an hour after its last attempt.
   */
  banned(address: string): boolean {
    const known = this.#failures.get(networkOf(address));
    return known !== undefined && known.count >= this.#banAfter && this.#now() - known.lastMs <= MEMORY_MS;
  }

  /** Counts an attempt from an IP address, or the network of one, and returns how many milliseconds it has to wait. */
  begin(from: string): number {
    const address = networkOf(from);
    const now = this.#now();
    const known = this.#failures.get(address);
    const count = known === undefined || now - known.lastMs > MEMORY_MS ? 0 : known.count;
    this.#failures.delete(address);
    this.#failures.set(address, { count: count + 1, lastMs: now });
    if (this.#failures.size > MAX_ADDRESSES) {
      for (const oldest of this.#failures.keys()) {
        this.#failures.delete(oldest);
        break;
      }
    }
    return count === 0 ? 0 : Math.min(this.#stepMs * 2 ** Math.min(count - 1, 20), this.#maxMs);
  }

  /** The attempt that was counted last has succeeded. Earlier failures stay: another user may be behind them. */
  succeeded(from: string): void {
    const address = networkOf(from);
    const known = this.#failures.get(address);
    if (known === undefined) return;
    if (known.count <= 1) this.#failures.delete(address);
    else known.count -= 1;
  }
}
