import { isStoreError } from '../errors.js';
import type { ByteRange, ETag, FreeSpace, ListedObject, RegisterState, Store, StoreKey } from '../store.js';
import { ForwardingStore } from './forwarding.js';

export interface RetryOptions {
  /** Times an operation is tried in all, at least 1. Default 4. */
  readonly attempts?: number;
  /** Milliseconds; the first pause is at most this long, each further one at most twice the last. Default 100. */
  readonly baseMs?: number;
  /** Milliseconds that no pause exceeds. Default 5,000. */
  readonly capMs?: number;
  /** 0 to below 1: spreads the pauses of many clients. Default `Math.random`. */
  readonly random?: () => number;
  /** Waits that many milliseconds. Tests replace it. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

/**
 * Repeats what failed as `unavailable` and may be repeated, after a pause with full jitter. A swap never is: its
 * outcome may be unknown, and only the caller can tell by reading whether it happened. Nor is a put from a stream,
 * which cannot be read twice, nor a listing that has begun to yield.
 */
export class RetryingStore extends ForwardingStore {
  readonly #options: Required<RetryOptions>;

  constructor(inner: Store, options: RetryOptions = {}) {
    super(inner);
    this.#options = { attempts: 4, baseMs: 100, capMs: 5000, random: Math.random, sleep: pause, ...options };
  }

  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.#repeat(() => super.getBlob(key, range));
  }

  override putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (!(body instanceof Uint8Array)) return super.putBlob(key, body);
    return this.#repeat(() => super.putBlob(key, body));
  }

  override readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.#repeat(() => super.readRegister(key, known));
  }

  override delete(keys: readonly StoreKey[]): Promise<void> {
    return this.#repeat(() => super.delete(keys));
  }

  override async *list(prefix: string): AsyncIterable<ListedObject> {
    const first = await this.#repeat(async () => {
      const iterator = super.list(prefix)[Symbol.asyncIterator]();
      return { iterator, result: await iterator.next() };
    });
    try {
      for (let result = first.result; result.done !== true; result = await first.iterator.next()) {
        yield result.value;
      }
    } finally {
      await first.iterator.return?.();
    }
  }

  override freeSpace(): Promise<FreeSpace> {
    return this.#repeat(() => super.freeSpace());
  }

  override clock(): Promise<number> {
    return this.#repeat(() => super.clock());
  }

  async #repeat<T>(call: () => Promise<T>): Promise<T> {
    const { attempts, baseMs, capMs, random, sleep } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (attempt >= attempts || !isStoreError(error, 'unavailable')) throw error;
      }
      await sleep(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)));
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
