import type { TransferBudget } from './transfer-budget.js';

/** Bytes one file may have waiting for the store. */
const HIGH_WATER = 1024 * 1024;

/** A chunk, or the promise of one, and what is to be done when neither queue nor store needs it any more. */
interface Item {
  readonly length: number;
  readonly chunk: Uint8Array | Promise<Uint8Array>;
  readonly release: (() => void) | undefined;
}

/** A push-to-pull bridge: a writer pushes sealed chunks, the store pulls them, and {@link room} is the backpressure. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  readonly #budget: TransferBudget;
  readonly #items: Item[] = [];
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
    this.#add({ length: chunk.length, chunk, release: undefined });
  }

  /**
   * A chunk of `length` bytes that is still being made: those behind it wait for it, and the store fails if it does.
   * `release` is called once, when it is made and nobody reads it any more.
   */
  pushLater(length: number, chunk: Promise<Uint8Array>, release?: () => void): void {
    // Whoever pulls it gets the error; nobody does once the queue has been released.
    chunk.catch(() => undefined);
    this.#add({ length, chunk, release });
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
    for (const item of this.#items.splice(0)) drop(item);
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
      const item = this.#items.shift();
      if (item !== undefined) {
        try {
          yield item.chunk instanceof Uint8Array ? item.chunk : await item.chunk;
        } finally {
          drop(item);
        }
        if (!this.#released) {
          this.#bytes -= item.length;
          this.#budget.remove(item.length);
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

  #add(item: Item): void {
    if (this.#released) {
      drop(item);
      return;
    }
    this.#items.push(item);
    this.#bytes += item.length;
    this.#budget.add(item.length);
    this.#wakeReader?.();
  }

  #wake(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const resolve of writers) resolve();
  }
}

/** Not before the chunk is made: until then a thread may be writing to its memory. */
function drop({ chunk, release }: Item): void {
  if (release === undefined) return;
  if (chunk instanceof Uint8Array) release();
  else void chunk.then(release, release);
}
