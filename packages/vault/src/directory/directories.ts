import { type DirectoryIdentity, deriveDirectory } from '@latchkey/encryption';
import { LRUCache } from 'lru-cache';
import { toHex } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { Directory } from './directory.js';

/** Directories whose highest seen revision is remembered after their head has left the cache. */
const REMEMBERED_REVISIONS = 100_000;

/** The directories that this process has open, within a byte budget, and what it has seen of each. */
export class Directories {
  readonly #cache: LRUCache<string, Directory>;
  readonly #revisions = new LRUCache<string, number>({
    // Not `max`, which would allocate all of it at every opening of a vault.
    maxSize: REMEMBERED_REVISIONS,
    sizeCalculation: () => 1,
  });
  #context: VaultContext | undefined;

  constructor(cacheBytes: number) {
    this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: (directory) => directory.weight });
  }

  attach(context: VaultContext): void {
    this.#context = context;
  }

  /** The one object for a directory; two for the same one would still be safe, only slower. */
  of(identity: DirectoryIdentity): Directory {
    const context = this.#context as VaultContext;
    const name = `${toHex(identity.uid)}.${identity.generation}`;
    let directory = this.#cache.get(name);
    if (directory === undefined) {
      directory = new Directory(context, deriveDirectory(context.provider, context.vaultId, identity));
      this.#cache.set(name, directory);
    }
    return directory;
  }

  /** Remembers a revision, and weighs the directory anew because its head has changed. */
  saw(directory: Directory, revision: number): void {
    const name = `${directory.id}.${directory.keys.generation}`;
    if (revision > (this.#revisions.get(name) ?? 0)) this.#revisions.set(name, revision);
    if (this.#cache.peek(name) === directory) this.#cache.set(name, directory);
  }

  highest(directory: Directory): number {
    return this.#revisions.get(`${directory.id}.${directory.keys.generation}`) ?? 0;
  }
}
