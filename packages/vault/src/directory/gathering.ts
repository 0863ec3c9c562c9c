/** How long a commit may wait for company, in milliseconds. */
const PATIENCE_MS = 3;

/**
 * Decides when a commit leaves. A swap costs nearly the same for one change as for a hundred, so when several clients
 * write to one directory, it pays to wait a moment for as many changes as came together the last time. A client that
 * writes alone never waits: it sends its next change when it has the answer to this one.
 */
export class Gathering {
  readonly #patienceMs: number;
  #company = 1;
  #arrived: (() => void) | undefined;
  #wanted = 0;

  constructor(patienceMs: number = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
  }

  /** Resolves when `waiting` says that enough changes have come, or patience is over. */
  async gather(waiting: () => number): Promise<void> {
    // What the sockets have already received shares the commit: a swap that never waits would leave it behind.
    await new Promise((resolve) => setImmediate(resolve));
    if (waiting() < this.#company) await this.#wait(waiting);
    this.#company = Math.max(waiting(), this.#company - 1);
  }

  /** A change has come. */
  notice(waiting: number): void {
    if (waiting >= this.#wanted) this.#arrived?.();
  }

  #wait(waiting: () => number): Promise<void> {
    this.#wanted = this.#company;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#arrived?.(), this.#patienceMs);
      this.#arrived = () => {
        clearTimeout(timer);
        this.#arrived = undefined;
        // Others that were received with the one that completed the group come along.
        setImmediate(resolve);
      };
      if (waiting() >= this.#wanted) this.#arrived();
    });
  }
}
