import { StoreError } from '../errors.js';
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
import type { StoreMethod } from './observed.js';
import { seededRandom } from './random.js';

/**
 * What goes wrong with one operation. `before`: it fails and was not done. `after`: it was done and fails all the
 * same, the unknown outcome. `truncate`: a put's source breaks off halfway and nothing is stored; a get answers
 * fewer bytes than there are. `delay`: it takes longer. `drop`: it and all others fail until `reconnect`.
 */
export type Fault = 'before' | 'after' | 'truncate' | 'delay' | 'drop';

/** Probability of each fault per operation, 0 to 1; the sum is at most 1. */
export type FaultRates = Readonly<Partial<Record<Fault, number>>>;

/** An operation about to run: the `index`th of this store, counted from 0. */
export interface FaultPoint {
  readonly method: StoreMethod;
  readonly key: string;
  readonly index: number;
}

export interface FaultOptions {
  /** The same seed and the same order of operations give the same faults. Default 1. */
  readonly seed?: number;
  readonly rates?: FaultRates;
  /** Decides instead of the rates; undefined lets the operation pass. */
  readonly plan?: (point: FaultPoint) => Fault | undefined;
  /** Milliseconds of a `delay`, at most. Default 5. */
  readonly delayMs?: number;
}

const FAULTS: readonly Fault[] = ['before', 'after', 'truncate', 'delay', 'drop'];

/** A store that fails as real ones do, by a seed or by a plan. For tests of what stands on it. */
export class FaultyStore extends ForwardingStore {
  /** False lets everything pass, so that a test can look at what is left. */
  enabled = true;
  readonly #random: () => number;
  readonly #rates: FaultRates;
  readonly #plan: FaultOptions['plan'];
  readonly #delayMs: number;
  #index = 0;
  #injected = 0;
  #connected = true;

  constructor(inner: Store, options: FaultOptions = {}) {
    super(inner);
    this.#random = seededRandom(options.seed ?? 1);
    this.#rates = options.rates ?? {};
    this.#plan = options.plan;
    this.#delayMs = options.delayMs ?? 5;
  }

  /** Operations that met a fault. */
  get injected(): number {
    return this.#injected;
  }

  get connected(): boolean {
    return this.#connected;
  }

  reconnect(): void {
    this.#connected = true;
  }

  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    const shorten = (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1);
    return this.#meet(
      'getBlob',
      key,
      () => super.getBlob(key, range),
      (call) => call().then(shorten),
    );
  }

  override putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#meet(
      'putBlob',
      key,
      () => super.putBlob(key, body),
      async () => {
        try {
          await super.putBlob(key, body instanceof Uint8Array ? halfOf(body) : firstOf(body));
        } catch (error) {
          if (!(error instanceof BrokenSource)) throw error;
        }
        throw failure('putBlob', key, 'the body broke off');
      },
    );
  }

  override readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.#meet('readRegister', key, () => super.readRegister(key, known));
  }

  override swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    return this.#meet('swapRegister', key, () => super.swapRegister(key, expected, bytes, options));
  }

  override delete(keys: readonly StoreKey[]): Promise<void> {
    return this.#meet('delete', keys.join(' '), () => super.delete(keys));
  }

  override async *list(prefix: string): AsyncIterable<ListedObject> {
    await this.#meet('list', prefix, async () => {});
    yield* super.list(prefix);
  }

  override freeSpace(): Promise<FreeSpace> {
    return this.#meet('freeSpace', '', () => super.freeSpace());
  }

  override clock(): Promise<number> {
    return this.#meet('clock', '', () => super.clock());
  }

  async #meet<T>(
    method: StoreMethod,
    key: string,
    call: () => Promise<T>,
    truncated: (call: () => Promise<T>) => Promise<T> = (whole) => whole(),
  ): Promise<T> {
    if (!this.enabled) return call();
    if (!this.#connected) throw failure(method, key, 'not connected');
    const fault = this.#choose({ method, key, index: this.#index++ });
    if (fault !== undefined) this.#injected += 1;
    if (fault === 'before') throw failure(method, key, 'refused');
    if (fault === 'drop') {
      this.#connected = false;
      throw failure(method, key, 'connection dropped');
    }
    if (fault === 'delay') {
      const pause = this.#random() * this.#delayMs;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const result = await (fault === 'truncate' ? truncated(call) : call());
    // An answer that comes after the connection was lost never arrives.
    if (fault === 'after' || (this.enabled && !this.#connected)) throw failure(method, key, 'answer lost');
    return result;
  }

  #choose(point: FaultPoint): Fault | undefined {
    if (this.#plan !== undefined) return this.#plan(point);
    let left = this.#random();
    for (const fault of FAULTS) {
      left -= this.#rates[fault] ?? 0;
      if (left < 0) return fault;
    }
    return undefined;
  }
}

/** Breaks the source of a put; the put itself then answers as the store does. */
class BrokenSource extends Error {}

function failure(method: StoreMethod, key: string, what: string): StoreError {
  return new StoreError('unavailable', `injected fault: ${method} ${key}: ${what}`);
}

async function* halfOf(body: Uint8Array): AsyncIterable<Uint8Array> {
  yield body.subarray(0, body.length >> 1);
  throw new BrokenSource();
}

async function* firstOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    yield chunk.subarray(0, chunk.length >> 1);
    break;
  }
  throw new BrokenSource();
}
