import type { ByteRange, ETag, FreeSpace, RegisterState, Store, StoreKey, SwapOptions } from '../store.js';
import { ForwardingStore } from './forwarding.js';

/**
 * Lets at most so many operations run at once; the rest wait in order of arrival. A listing takes no part, since
 * its consumer may call the store between two objects. A source given to `putBlob` must not read through the same
 * limited store, or the two may wait for each other.
 */
export class LimitedStore extends ForwardingStore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** `concurrency`: at least 1. */
  constructor(inner: Store, concurrency: number) {
    super(inner);
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency is at least 1, not ${concurrency}`);
    }
    this.#free = concurrency;
  }

  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.#admit(() => super.getBlob(key, range));
  }

  override putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#admit(() => super.putBlob(key, body));
  }

  override readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.#admit(() => super.readRegister(key, known));
  }

  override swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    return this.#admit(() => super.swapRegister(key, expected, bytes, options));
  }

  override delete(keys: readonly StoreKey[]): Promise<void> {
    return this.#admit(() => super.delete(keys));
  }

  override freeSpace(): Promise<FreeSpace> {
    return this.#admit(() => super.freeSpace());
  }

  override clock(): Promise<number> {
    return this.#admit(() => super.clock());
  }

  async #admit<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      // The place goes to the next in line without becoming free, so that nobody overtakes.
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
