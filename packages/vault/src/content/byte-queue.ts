import type { TransferBudget } from './transfer-budget.js';

/** Bytes one file may have waiting for the store. */
const HIGH_WATER = 2 * 1024 * 1024;

/** A push-to-pull bridge: a writer pushes sealed chunks, the store pulls them, and {@link room} is the backpressure. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #budget: TransferBudget;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;
  #released = false;
  #failure: unknown;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(budget: TransferBudget) {
    this.#budget = budget;
  }

  push(chunk: Uint8Array): void {
    if (this.#released) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#budget.add(chunk.length);
    this.#wakeReader?.();
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader?.();
  }

  /** Makes the store's pull throw, so that it leaves nothing behind. */
  fail(error: unknown): void {
    this.#failure = error;
    this.release();
    this.#wakeReader?.();
  }

  /** Forgets what waits; writers go on and learn of the failure when they finish. */
  release(): void {
    this.#budget.remove(this.#bytes);
    this.#bytes = 0;
    this.#chunks.length = 0;
    this.#ended = true;
    this.#released = true;
    this.#wake();
  }

  /** Resolves when the writer may push more. */
  async room(): Promise<void> {
    while (!this.#ended && (this.#bytes > HIGH_WATER || (this.#budget.exceeded && this.#bytes > 0))) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        if (!this.#released) {
          this.#bytes -= chunk.length;
          this.#budget.remove(chunk.length);
        }
        this.#wake();
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
        this.#wakeReader = undefined;
      }
    }
  }

  #wake(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const resolve of writers) resolve();
  }
}
