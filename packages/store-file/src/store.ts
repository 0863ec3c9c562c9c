import { closeSync, fstatSync, statfsSync } from 'node:fs';
import {
  type ByteRange,
  checkRange,
  checkRegisterSize,
  type ETag,
  type FreeSpace,
  isStoreError,
  type ListedObject,
  type RegisterState,
  type Store,
  type StoreCapabilities,
  StoreError,
  type StoreKey,
  type SwapOptions,
  storeKey,
  storePrefix,
} from '@latchkey/store';
import { Blobs, SourceFailure } from './blobs.js';
import { type FileStoreConfig, type FileStoreOptions, fileStoreConfig } from './config.js';
import { Descriptors } from './descriptors.js';
import { Syncer } from './durability.js';
import { type Access, toStoreError } from './errors.js';
import { listObjects } from './listing.js';
import { Publication } from './publication.js';
import { Registers } from './registers.js';
import { Reserve } from './reserve.js';
import { Root } from './root.js';
import { TemporaryFiles } from './temporary.js';

/** Deletions of one call that run at once. */
const DELETIONS = 16;

/** A store in a directory, safe for several processes at once. docs/stores.md describes its layout. */
export class FileStore implements Store {
  readonly capabilities: StoreCapabilities = { compareAndSwap: true, freeSpace: true };
  readonly #root: Root;
  readonly #temporary: TemporaryFiles;
  readonly #descriptors: Descriptors;
  readonly #blobs: Blobs;
  readonly #registers: Registers;
  readonly #reserve: Reserve;
  readonly #tidying: Promise<void>;
  #closed = false;

  private constructor(root: Root, config: FileStoreConfig) {
    this.#root = root;
    const syncer = new Syncer(config.durability);
    this.#temporary = new TemporaryFiles(root);
    this.#descriptors = new Descriptors(config.openFiles);
    this.#blobs = new Blobs(root, this.#temporary, syncer, this.#descriptors);
    const publication = new Publication(this.#temporary, syncer, config.publication === 'detect');
    this.#registers = new Registers(root, this.#temporary, syncer, publication);
    this.#reserve = new Reserve(root, this.#temporary, config.reserveBytes);
    this.#reserve.maintain();
    this.#tidying = this.#temporary.removeStale(Date.now());
  }

  /**
   * Opens, or with `create` makes, the store in a directory. Throws `no-store` when there is none or the directory
   * holds something else, `unsupported` for a layout of a newer program or an option out of bounds.
   */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const config = fileStoreConfig(options);
    return new FileStore(Root.open(config.root, config.create), config);
  }

  async getBlob(key: StoreKey, range: ByteRange, into?: Uint8Array): Promise<Uint8Array> {
    storeKey(key);
    checkRange(range);
    return this.#run(`reading blob ${key}`, 'read', () => this.#blobs.get(key, range, into));
  }

  async putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    storeKey(key);
    await this.#run(`writing blob ${key}`, 'write', () => this.#blobs.put(key, body));
  }

  async readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    storeKey(key);
    return this.#run(`reading register ${key}`, 'read', () => this.#registers.read(key, known));
  }

  async swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options: SwapOptions = {},
  ): Promise<ETag> {
    storeKey(key);
    checkRegisterSize(key, bytes);
    const swap = () =>
      this.#run(`writing register ${key}`, 'write', () => this.#registers.swap(key, expected, bytes));
    try {
      return await swap();
    } catch (error) {
      // Safe to do again: a swap that ran out of space had not been published.
      if (options.reclaims !== true || !isStoreError(error, 'no-space') || !this.#reserve.release())
        throw error;
      return await swap();
    }
  }

  async delete(keys: readonly StoreKey[]): Promise<void> {
    for (const key of keys) storeKey(key);
    await this.#run('deleting', 'write', async () => {
      let deleted = 0;
      for (let at = 0; at < keys.length; at += DELETIONS) {
        const found = await Promise.all(keys.slice(at, at + DELETIONS).map((key) => this.#deleteOne(key)));
        deleted += found.filter(Boolean).length;
      }
      // Nothing found may mean that the whole store has gone.
      if (deleted === 0) this.#root.assertPresent();
    });
    this.#reserve.maintain();
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    storePrefix(prefix);
    this.#assertOpen();
    this.#root.assertPresent();
    try {
      yield* listObjects(this.#root.layout, prefix);
    } catch (error) {
      throw toStoreError(error, `listing ${prefix}`, 'read');
    }
  }

  async freeSpace(): Promise<FreeSpace> {
    return this.#run('asking for free space', 'read', () => {
      this.#root.assertPresent();
      const { blocks, bavail, bsize } = statfsSync(this.#root.layout.root);
      return { total: blocks * bsize, available: bavail * bsize };
    });
  }

  /** The clock of the file system, which on a network is another machine's; of this machine if it is read-only. */
  async clock(): Promise<number> {
    return this.#run('asking for the time', 'write', () => {
      this.#root.assertPresent();
      try {
        const { path, fd } = this.#temporary.open();
        try {
          return fstatSync(fd).mtimeMs;
        } finally {
          closeSync(fd);
          this.#temporary.discard(path);
        }
      } catch (error) {
        const failure = toStoreError(error, 'asking for the time', 'write');
        if (failure.code === 'read-only' || failure.code === 'no-space') return Date.now();
        throw failure;
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#descriptors.closeAll();
    this.#temporary.discardSpares();
    await this.#tidying;
    await this.#reserve.settled();
  }

  async #deleteOne(key: StoreKey): Promise<boolean> {
    // A key does not tell its kind.
    return (await this.#blobs.delete(key)) || this.#registers.delete(key);
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
  }

  async #run<T>(doing: string, access: Access, call: () => T | Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await call();
    } catch (error) {
      if (error instanceof SourceFailure) throw error.cause;
      throw toStoreError(error, doing, access);
    }
  }
}
