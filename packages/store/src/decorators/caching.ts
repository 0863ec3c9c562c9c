import type { ByteRange, Store, StoreKey } from '../store.js';
import { ForwardingStore } from './forwarding.js';

export interface CacheOptions {
  /** Bytes kept in all, the least recently used going first. */
  readonly budget: number;
  /** Longer answers are not kept, in bytes. Default 64 KiB. */
  readonly largest?: number;
}

/** Charged per answer beside its bytes, so that a flood of tiny ones stays within the budget too. */
const OVERHEAD_BYTES = 256;

/**
 * Keeps small pieces of blobs. Blobs never change, so what was read once stays right until it is deleted; registers
 * and absence are never kept. A deletion by another process goes unnoticed, which the caller has to bear.
 */
export class CachingStore extends ForwardingStore {
  readonly #budget: number;
  readonly #largest: number;
  /** By key and range, in order of use, the oldest first. */
  readonly #answers = new Map<string, { readonly key: StoreKey; readonly bytes: Uint8Array }>();
  /** The answers of each key, so that a deletion finds them. */
  readonly #byKey = new Map<StoreKey, Set<string>>();
  /** Counts puts and deletions, so that a read which began before one is not kept after it. */
  #epoch = 0;
  #used = 0;

  constructor(inner: Store, options: CacheOptions) {
    super(inner);
    this.#budget = options.budget;
    this.#largest = options.largest ?? 64 * 1024;
  }

  /** Bytes charged to the budget now. */
  get used(): number {
    return this.#used;
  }

  override async getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    const id = `${range.offset}+${range.length} ${key}`;
    const known = this.#answers.get(id);
    if (known !== undefined) {
      this.#answers.delete(id);
      this.#answers.set(id, known);
      return known.bytes.slice();
    }
    const epoch = this.#epoch;
    const bytes = await super.getBlob(key, range);
    if (bytes.length <= this.#largest && epoch === this.#epoch) this.#keep(id, key, bytes.slice());
    return bytes;
  }

  override async putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    try {
      await super.putBlob(key, body);
    } finally {
      this.#forget(key);
    }
  }

  override async delete(keys: readonly StoreKey[]): Promise<void> {
    try {
      await super.delete(keys);
    } finally {
      for (const key of keys) this.#forget(key);
    }
  }

  override async close(): Promise<void> {
    this.#answers.clear();
    this.#byKey.clear();
    this.#used = 0;
    await super.close();
  }

  #keep(id: string, key: StoreKey, bytes: Uint8Array): void {
    const cost = bytes.length + OVERHEAD_BYTES;
    if (cost > this.#budget || this.#answers.has(id)) return;
    this.#answers.set(id, { key, bytes });
    const ids = this.#byKey.get(key);
    if (ids === undefined) this.#byKey.set(key, new Set([id]));
    else ids.add(id);
    this.#used += cost;
    for (const oldest of this.#answers.keys()) {
      if (this.#used <= this.#budget) break;
      this.#drop(oldest);
    }
  }

  #forget(key: StoreKey): void {
    this.#epoch += 1;
    for (const id of [...(this.#byKey.get(key) ?? [])]) this.#drop(id);
  }

  #drop(id: string): void {
    const answer = this.#answers.get(id);
    if (answer === undefined) return;
    this.#answers.delete(id);
    this.#used -= answer.bytes.length + OVERHEAD_BYTES;
    const ids = this.#byKey.get(answer.key);
    ids?.delete(id);
    if (ids?.size === 0) this.#byKey.delete(answer.key);
  }
}
