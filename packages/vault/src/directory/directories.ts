import { type DirectoryIdentity, deriveDirectory } from '@latchkey/encryption';
import { LRUCache } from 'lru-cache';
import { toHex } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { Directory } from './directory.js';

/** Directories whose highest seen revision is remembered after their head has left the cache. */
const REMEMBERED_REVISIONS = 100_000;
/** So many heads have room however large they are, so that a small cache never thrashes on one path. */
const LEAST_HEADS = 4;

/** The directories that this process has open, within a byte budget, and what it has seen of each. */
export class Directories {
  readonly #cache: LRUCache<string, Directory>;
  /** Those that somebody still holds, too: two queues of one directory would only make each other's commits fail. */
  readonly #held = new Map<string, WeakRef<Directory>>();
  readonly #gone = new FinalizationRegistry<string>((name) => {
    if (this.#held.get(name)?.deref() === undefined) this.#held.delete(name);
  });
  readonly #revisions = new LRUCache<string, number>({
    // Not `max`, which would allocate all of it at every opening of a vault.
    maxSize: REMEMBERED_REVISIONS,
    sizeCalculation: () => 1,
  });
  #context: VaultContext | undefined;

  constructor(cacheBytes: number) {
    const heaviest = Math.floor(cacheBytes / LEAST_HEADS);
    this.#cache = new LRUCache({
      maxSize: cacheBytes,
      sizeCalculation: (directory) => Math.min(directory.weight, heaviest),
    });
  }

  attach(context: VaultContext): void {
    this.#context = context;
  }

  /** The one object for a directory. */
  of(identity: DirectoryIdentity): Directory {
    const name = `${toHex(identity.uid)}.${identity.generation}`;
    const cached = this.#cache.get(name);
    if (cached !== undefined) return cached;
    const directory = this.#held.get(name)?.deref() ?? this.#make(name, identity);
    this.#cache.set(name, directory);
    return directory;
  }

  /** Remembers a revision, and weighs the directory anew because its head has changed. */
  saw(directory: Directory, revision: number): void {
    const name = `${directory.id}.${directory.keys.generation}`;
    if (revision > (this.#revisions.get(name) ?? 0)) this.#revisions.set(name, revision);
    if (this.#cache.peek(name) !== directory) return;
    // The cache does not weigh again what is set again.
    this.#cache.delete(name);
    this.#cache.set(name, directory);
  }

  highest(directory: Directory): number {
    return this.#revisions.get(`${directory.id}.${directory.keys.generation}`) ?? 0;
  }

  #make(name: string, { uid, generation, readSecret }: DirectoryIdentity): Directory {
    const context = this.#context as VaultContext;
    // Copies: what was decoded are views that would keep the whole page of the parent in memory.
    const identity = { uid: uid.slice(), generation, readSecret: readSecret.slice() };
    const directory = new Directory(context, deriveDirectory(context.provider, context.vaultId, identity));
    this.#held.set(name, new WeakRef(directory));
    this.#gone.register(directory, name);
    return directory;
  }
}
