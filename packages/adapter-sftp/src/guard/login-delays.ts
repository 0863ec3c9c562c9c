/** Addresses remembered at most; the longest unused is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** A failure is forgotten after this many milliseconds without another. */
const MEMORY_MS = 15 * 60_000;

interface Failures {
  count: number;
  lastMs: number;
}

/**
 * Slows down guessing. A login waits *before* it is checked, by the earlier failures of its address: hanging up early
 * gains nothing. An attempt counts as failed from its beginning, so that many at once do not slip through.
 */
export class LoginDelays {
  readonly #failures = new Map<string, Failures>();
  readonly #stepMs: number;
  readonly #maxMs: number;
  readonly #now: () => number;

  constructor(stepMs: number, maxMs: number, now: () => number = Date.now) {
    this.#stepMs = stepMs;
    this.#maxMs = maxMs;
    this.#now = now;
  }

  /** Counts an attempt and returns how many milliseconds it has to wait. */
  begin(address: string): number {
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
  succeeded(address: string): void {
    const known = this.#failures.get(address);
    if (known === undefined) return;
    if (known.count <= 1) this.#failures.delete(address);
    else known.count -= 1;
  }
}
