import { checkRange, checkRegisterSize } from './arguments.js';
import { StoreError } from './errors.js';
import { storeKey, storePrefix } from './keys.js';
import type {
  ByteRange,
  ETag,
  FreeSpace,
  ListedObject,
  RegisterState,
  Store,
  StoreCapabilities,
  StoreKey,
  SwapOptions,
} from './store.js';

export interface MemoryStoreOptions {
  /** Milliseconds since 1970; tests move it. Default: the system clock. */
  readonly now?: () => number;
  /** Bytes the store holds before it answers `no-space`; swaps that reclaim may go over. Default: no limit. */
  readonly capacity?: number;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedAt: number;
  /** Set for a register. */
  readonly etag?: ETag;
}

/** All objects of a {@link MemoryStore} at one moment. */
export interface MemorySnapshot {
  readonly objects: ReadonlyMap<StoreKey, StoredObject>;
}

/**
 * A store in memory: the reference that states every rule of the interface in the fewest words. Bytes are copied
 * on the way in and out. Beyond the interface it lets a test play the adversary who owns the medium.
 */
export class MemoryStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly #now: () => number;
  readonly #capacity: number;
  #objects = new Map<StoreKey, StoredObject>();
  #used = 0;
  #swaps = 0;

  constructor(options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#capacity = options.capacity ?? Number.POSITIVE_INFINITY;
    this.capabilities = { compareAndSwap: true, freeSpace: Number.isFinite(this.#capacity) };
  }

  async getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    storeKey(key);
    checkRange(range);
    const object = this.#objects.get(key);
    if (object === undefined || object.etag !== undefined)
      throw new StoreError('not-found', `no blob ${key}`);
    return object.bytes.slice(range.offset, range.offset + range.length);
  }

  async putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    storeKey(key);
    const bytes = body instanceof Uint8Array ? body.slice() : await collect(body);
    this.#admit(key, bytes.length, false);
    this.#set(key, { bytes, modifiedAt: this.#now() });
  }

  async readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    storeKey(key);
    const object = this.#objects.get(key);
    if (object?.etag === undefined) return { status: 'absent' };
    if (object.etag === known) return { status: 'unchanged' };
    return { status: 'value', bytes: object.bytes.slice(), etag: object.etag, modifiedAt: object.modifiedAt };
  }

  async swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options: SwapOptions = {},
  ): Promise<ETag> {
    storeKey(key);
    checkRegisterSize(key, bytes);
    const current = this.#objects.get(key)?.etag ?? null;
    if (current !== expected)
      throw new StoreError('conflict', `register ${key} was changed by another writer`);
    this.#admit(key, bytes.length, options.reclaims === true);
    this.#swaps += 1;
    const etag = String(this.#swaps) as ETag;
    this.#set(key, { bytes: bytes.slice(), modifiedAt: this.#now(), etag });
    return etag;
  }

  async delete(keys: readonly StoreKey[]): Promise<void> {
    for (const key of keys) storeKey(key);
    for (const key of keys) {
      this.#used -= this.#objects.get(key)?.bytes.length ?? 0;
      this.#objects.delete(key);
    }
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    storePrefix(prefix);
    for (const [key, object] of [...this.#objects]) {
      if (!key.startsWith(prefix)) continue;
      yield { key, size: object.bytes.length, modifiedAt: object.modifiedAt };
    }
  }

  async freeSpace(): Promise<FreeSpace> {
    if (!this.capabilities.freeSpace)
      throw new StoreError('unsupported', 'this store has no limit to report');
    return { total: this.#capacity, available: Math.max(0, this.#capacity - this.#used) };
  }

  async clock(): Promise<number> {
    return this.#now();
  }

  async close(): Promise<void> {}

  /** Everything stored, now. Later changes do not show in it. */
  snapshot(): MemorySnapshot {
    return { objects: new Map(this.#objects) };
  }

  /** Puts an earlier state back, as an adversary who kept a copy would. Tags are those of that state. */
  restore(snapshot: MemorySnapshot): void {
    this.#objects = new Map(snapshot.objects);
    this.#used = [...this.#objects.values()].reduce((sum, object) => sum + object.bytes.length, 0);
  }

  /** The bytes stored under a key of either kind, or `undefined`. A copy. */
  peek(key: StoreKey): Uint8Array | undefined {
    return this.#objects.get(key)?.bytes.slice();
  }

  /** Overwrites an object behind everyone's back; a register gets a new tag. Throws `not-found`. */
  tamper(key: StoreKey, bytes: Uint8Array): void {
    const object = this.#objects.get(key);
    if (object === undefined) throw new StoreError('not-found', `nothing stored under ${key}`);
    this.#swaps += 1;
    const etag = object.etag === undefined ? {} : { etag: String(this.#swaps) as ETag };
    this.#set(key, { bytes: bytes.slice(), modifiedAt: object.modifiedAt, ...etag });
  }

  #admit(key: StoreKey, size: number, reclaims: boolean): void {
    const after = this.#used - (this.#objects.get(key)?.bytes.length ?? 0) + size;
    if (after > this.#capacity && !reclaims) throw new StoreError('no-space', `no space left for ${key}`);
  }

  #set(key: StoreKey, object: StoredObject): void {
    this.#used += object.bytes.length - (this.#objects.get(key)?.bytes.length ?? 0);
    this.#objects.set(key, object);
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    // The source may use its buffer again once the next chunk is asked for.
    chunks.push(chunk.slice());
    size += chunk.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
