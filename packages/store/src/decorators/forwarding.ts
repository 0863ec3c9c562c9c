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
} from '../store.js';

/** Hands every call to another store. A decorator extends it and overrides what it is about. */
export class ForwardingStore implements Store {
  protected readonly inner: Store;

  constructor(inner: Store) {
    this.inner = inner;
  }

  get capabilities(): StoreCapabilities {
    return this.inner.capabilities;
  }

  getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.inner.getBlob(key, range);
  }

  putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    return this.inner.putBlob(key, body);
  }

  readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.inner.readRegister(key, known);
  }

  swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    return this.inner.swapRegister(key, expected, bytes, options);
  }

  delete(keys: readonly StoreKey[]): Promise<void> {
    return this.inner.delete(keys);
  }

  list(prefix: string): AsyncIterable<ListedObject> {
    return this.inner.list(prefix);
  }

  freeSpace(): Promise<FreeSpace> {
    return this.inner.freeSpace();
  }

  clock(): Promise<number> {
    return this.inner.clock();
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
