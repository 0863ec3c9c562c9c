import {
  type DirectoryKeys,
  MAX_PAGE_BYTES,
  openPage,
  type PageRef,
  pageDigest,
  type SealedRecord,
} from '@latchkey/encryption';
import { LRUCache } from 'lru-cache';
import { sameBytes } from '../bytes.js';
import { blobKey } from '../content/blob-name.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { asVaultError, isStoreError } from '../translate.js';
import type { Row } from './rows.js';

/** What a page takes in memory when all of it has been looked at, by its bytes in the store: measured 5.8. */
const DECODED = 6;

export interface LoadedPage {
  readonly level: number;
  /** Of a leaf. */
  readonly rows: readonly Row[];
  /** Of an index page. */
  readonly refs: readonly PageRef[];
}

/** Pages never change, so a cached one needs no validation. Bounded in bytes, over the whole vault. */
export class PageCache {
  readonly #context: Pick<VaultContext, 'store' | 'provider' | 'vaultId'>;
  readonly #pages: LRUCache<string, Promise<LoadedPage>>;

  constructor(context: Pick<VaultContext, 'store' | 'provider' | 'vaultId'>, cacheBytes: number) {
    this.#context = context;
    this.#pages = new LRUCache({ maxSize: cacheBytes, sizeCalculation: () => 1 });
  }

  /** Throws `stale` when the page is not in the store, `damaged` when it is not the one that `ref` names. */
  load(keys: DirectoryKeys, ref: PageRef): Promise<LoadedPage> {
    const name = blobKey(ref.blob);
    const cached = this.#pages.get(name);
    if (cached !== undefined) return cached;
    const loading = this.#fetch(keys, ref, name);
    // Weighed at its bound until its size is known.
    this.#pages.set(name, loading, { size: MAX_PAGE_BYTES });
    loading.catch(() => this.#pages.delete(name));
    return loading;
  }

  async #fetch(keys: DirectoryKeys, ref: PageRef, name: string): Promise<LoadedPage> {
    const { store, provider, vaultId } = this.#context;
    let bytes: Uint8Array;
    try {
      bytes = await store.getBlob(blobKey(ref.blob), { offset: 0, length: MAX_PAGE_BYTES });
    } catch (error) {
      if (isStoreError(error, 'not-found'))
        throw new VaultError('stale', `page ${name} is not in the store`, { cause: error });
      throw asVaultError(error, `page ${name}`);
    }
    try {
      if (!sameBytes(pageDigest(provider, bytes), ref.sha256)) {
        throw new VaultError('damaged', `page ${name} is not the one that its directory names`);
      }
      const page = openPage(provider, keys, vaultId, ref.blob, bytes);
      const rows = page.rows.map(
        (row, index): Row => ({
          key: row.key,
          listing: row.listing,
          sealed: () => page.records()[index] as SealedRecord,
        }),
      );
      // Both boxes, sealed and open, and an object for each row, each of its halves and its attributes.
      this.#pages.set(name, Promise.resolve({ level: page.level, rows, refs: page.refs }), {
        size: DECODED * bytes.length + 4096,
      });
      return { level: page.level, rows, refs: page.refs };
    } catch (error) {
      throw asVaultError(error, `page ${name}`);
    }
  }
}
