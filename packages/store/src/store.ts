/**
 * The interface of a storage back end: bytes by key, no keys of the vault, no names, no plaintext.
 *
 * A store holds two kinds of object. A *blob* is written once and never changed. A *register* is small and
 * changes only by compare-and-swap. `list` exists for maintenance and is never on the path that serves a user.
 */

/** A key in the store: `a-z 0-9 . - /`, 1 to 120 bytes, no empty, `.` or `..` component. See {@link storeKey}. */
export type StoreKey = string & { readonly __brand: 'StoreKey' };

/** An opaque version of a register. Equal tags mean equal bytes. */
export type ETag = string & { readonly __brand: 'ETag' };

/** `length` bytes from `offset`, both in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type RegisterState =
  | { readonly status: 'absent' }
  /** The register still has the tag that the caller said it knows. */
  | { readonly status: 'unchanged' }
  | {
      readonly status: 'value';
      readonly bytes: Uint8Array;
      readonly etag: ETag;
      /** Milliseconds since 1970, by the store's own clock. */
      readonly modifiedAt: number;
    };

export interface ListedObject {
  readonly key: StoreKey;
  /** Bytes stored (for a register: of its current value). */
  readonly size: number;
  /** Milliseconds since 1970, by the store's own clock. */
  readonly modifiedAt: number;
}

export interface SwapOptions {
  /** This swap drops references, so that space can be freed: the store may use its reserve on a full disk. */
  readonly reclaims?: boolean;
}

export interface StoreCapabilities {
  /** Registers pass a 32-way race. A store that does not say so is raced whenever a vault in it is opened. */
  readonly compareAndSwap: boolean;
  /** {@link Store.freeSpace} is implemented. */
  readonly freeSpace: boolean;
}

export interface FreeSpace {
  /** Bytes of the whole medium. */
  readonly total: number;
  /** Bytes that can still be written by this user. */
  readonly available: number;
}

/** Largest value of a register, in bytes. */
export const MAX_REGISTER_BYTES: number = 512 * 1024;

/** Every method rejects with a `StoreError`, whose codes are listed in docs/errors.md. */
export interface Store {
  readonly capabilities: StoreCapabilities;

  /**
   * The bytes of a blob in `range`; fewer when the blob ends earlier, none when it ends before `range.offset`.
   * The caller bounds the memory by the length it asks for. Throws `not-found` when there is no such blob.
   * `into`, of at least `range.length` bytes: memory for the bytes, which the store need not use; if it does, the result is
   * a view of its beginning. It is the caller's again when the promise has settled, and what else is in it is not defined.
   */
  getBlob(key: StoreKey, range: ByteRange, into?: Uint8Array): Promise<Uint8Array>;

  /**
   * Stores a blob. It is visible whole or not at all: when the source throws or the process dies, nothing is left
   * under the key. Resolves once the blob is as durable as the store was configured to be.
   * The store reads a stream at its own pace, which is the caller's backpressure; it must not keep a chunk after
   * asking for the next one.
   */
  putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;

  /** The value of a register, or word that it is absent or still the one tagged `known`. */
  readRegister(key: StoreKey, known?: ETag): Promise<RegisterState>;

  /**
   * Sets a register whose current tag is `expected` (`null`: which does not exist) and returns the new tag.
   * Throws `conflict` when it has another; throws `unavailable` when the outcome is unknown. Never repeats itself.
   */
  swapRegister(key: StoreKey, expected: ETag | null, bytes: Uint8Array, options?: SwapOptions): Promise<ETag>;

  /** Removes blobs or registers, unconditionally. Keys that do not exist are no error. */
  delete(keys: readonly StoreKey[]): Promise<void>;

  /** Every object whose key begins with `prefix`, in no promised order. Absence is never evidence. */
  list(prefix: string): AsyncIterable<ListedObject>;

  /** Throws `unsupported` unless declared. */
  freeSpace(): Promise<FreeSpace>;

  /** Milliseconds since 1970 by the clock that dates the store's objects. */
  clock(): Promise<number>;

  /** Releases files and connections. The store is not used afterwards. */
  close(): Promise<void>;
}
