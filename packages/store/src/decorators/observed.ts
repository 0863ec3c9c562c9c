import type {
  ByteRange,
  ETag,
  FreeSpace,
  ListedObject,
  RegisterState,
  Store,
  StoreKey,
  SwapOptions,
} from '../store.js';
import { ForwardingStore } from './forwarding.js';

export type StoreMethod = Exclude<keyof Store, 'capabilities'>;

/** One call of a store method, told after it ended. It carries keys and sizes, never content. */
export interface StoreCall {
  readonly method: StoreMethod;
  /** The key, the prefix of a listing, or the number of keys of a deletion; empty for the rest. */
  readonly subject: string;
  /** Bytes of content read or written; for a listing, the number of objects. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** What the call rejected with. */
  readonly error?: unknown;
}

/** Tells a callback of every call. Metrics and logging are two callbacks of this one decorator. */
export class ObservedStore extends ForwardingStore {
  readonly #observe: (call: StoreCall) => void;

  constructor(inner: Store, observe: (call: StoreCall) => void) {
    super(inner);
    this.#observe = observe;
  }

  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.#watch(
      'getBlob',
      key,
      () => super.getBlob(key, range),
      (bytes) => bytes.length,
    );
  }

  override putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    if (body instanceof Uint8Array) {
      return this.#watch(
        'putBlob',
        key,
        () => super.putBlob(key, body),
        () => body.length,
      );
    }
    const counted = new CountedSource(body);
    return this.#watch(
      'putBlob',
      key,
      () => super.putBlob(key, counted),
      () => counted.bytes,
    );
  }

  override readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.#watch(
      'readRegister',
      key,
      () => super.readRegister(key, known),
      (state) => (state.status === 'value' ? state.bytes.length : 0),
    );
  }

  override swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    return this.#watch(
      'swapRegister',
      key,
      () => super.swapRegister(key, expected, bytes, options),
      () => bytes.length,
    );
  }

  override delete(keys: readonly StoreKey[]): Promise<void> {
    return this.#watch('delete', keys.length === 1 ? keys[0]! : String(keys.length), () =>
      super.delete(keys),
    );
  }

  override async *list(prefix: string): AsyncIterable<ListedObject> {
    const begin = performance.now();
    let count = 0;
    let failure: { error?: unknown } = {};
    try {
      for await (const object of super.list(prefix)) {
        count += 1;
        yield object;
      }
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      this.#tell('list', prefix, count, begin, failure);
    }
  }

  override freeSpace(): Promise<FreeSpace> {
    return this.#watch('freeSpace', '', () => super.freeSpace());
  }

  override clock(): Promise<number> {
    return this.#watch('clock', '', () => super.clock());
  }

  override close(): Promise<void> {
    return this.#watch('close', '', () => super.close());
  }

  async #watch<T>(
    method: StoreMethod,
    subject: string,
    call: () => Promise<T>,
    size: (result: T) => number = () => 0,
  ): Promise<T> {
    const begin = performance.now();
    try {
      const result = await call();
      this.#tell(method, subject, size(result), begin, {});
      return result;
    } catch (error) {
      this.#tell(method, subject, 0, begin, { error });
      throw error;
    }
  }

  #tell(
    method: StoreMethod,
    subject: string,
    bytes: number,
    begin: number,
    failure: { error?: unknown },
  ): void {
    this.#observe({ method, subject, bytes, milliseconds: performance.now() - begin, ...failure });
  }
}

class CountedSource implements AsyncIterable<Uint8Array> {
  bytes = 0;
  readonly #source: AsyncIterable<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}
