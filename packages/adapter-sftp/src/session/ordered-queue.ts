interface Waiting {
  readonly exclusive: boolean;
  readonly start: () => void;
}

/**
 * Runs tasks in the order in which they came. Shared tasks next to each other run at the same time, an exclusive one
 * runs alone: the reads of a handle may overlap, its writes may not overtake each other or a read.
 *
 * Results are handed over in that order too. SFTP would allow otherwise, but scp of OpenSSH 9 cuts a download at the
 * first reply that overtook another one, and calls it a success.
 */
export class OrderedQueue {
  readonly #waiting: Waiting[] = [];
  readonly #onIdle: () => void;
  #running = 0;
  #exclusive = false;
  #delivered: Promise<unknown> = Promise.resolve();

  /** `onIdle` is called whenever the last task has ended. */
  constructor(onIdle: () => void = () => {}) {
    this.#onIdle = onIdle;
  }

  get idle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  run<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    const result = this.#schedule(exclusive, task);
    const delivered = Promise.allSettled([this.#delivered, result]).then(() => result);
    this.#delivered = delivered;
    return delivered;
  }

  /** Resolves when every task that is in the queue now has ended. */
  passed(): Promise<void> {
    return this.run(true, async () => {});
  }

  #schedule<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#mayStart(exclusive)) return this.#start(exclusive, task);
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ exclusive, start: () => this.#start(exclusive, task).then(resolve, reject) });
    });
  }

  #mayStart(exclusive: boolean): boolean {
    return this.#running === 0 || (!exclusive && !this.#exclusive);
  }

  async #start<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    this.#exclusive = exclusive;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#startWaiting();
    }
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#mayStart(next.exclusive)) return;
      this.#waiting.shift();
      next.start();
    }
    if (this.idle) this.#onIdle();
  }
}
