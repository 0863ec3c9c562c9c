import { type DirectoryKeys, type Head, openHead, sealHead } from '@latchkey/encryption';
import { type ETag, type StoreKey, storeKey } from '@latchkey/store';
import { toHex } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { VaultError } from '../errors.js';
import { naming } from '../translate.js';
import { CommitQueue } from './commit-queue.js';
import { Tree } from './tree.js';

/** There is no head where a directory should have one. */
export class HeadMissing extends VaultError {}

/** That a head is the newest. `startedAt`, on the monotonic clock, is infinite until the store has been asked. */
interface Proof {
  readonly startedAt: number;
  readonly done: Promise<Head>;
}

/** One directory as this process knows it: its keys, the newest head it has seen, and the queue of its commits. */
export class Directory {
  readonly keys: DirectoryKeys;
  readonly id: string;
  readonly register: StoreKey;
  readonly commits: CommitQueue;
  readonly #context: VaultContext;
  #head: Head | undefined;
  #etag: ETag | undefined;
  #bytes = 0;
  /** When, on the monotonic clock, the read began that last proved the head to be the newest. */
  #provenAt = Number.NEGATIVE_INFINITY;
  #proving: Proof | undefined;

  constructor(context: VaultContext, keys: DirectoryKeys) {
    this.#context = context;
    this.keys = keys;
    this.id = toHex(keys.uid);
    this.register = storeKey(`h/${keys.place}`);
    this.commits = new CommitQueue(context, this);
  }

  /** Bytes of memory, for the cache's accounts: a decoded head takes about five times its bytes in the store. */
  get weight(): number {
    return 2048 + 5 * this.#bytes;
  }

  /**
   * The head, proven to have been the newest at some moment not before `since` (`performance.now()`). The question is
   * asked at the end of this turn of the event loop, for everybody who wants to know by then.
   */
  head(since: number): Promise<Head> {
    if (this.#head !== undefined && this.#provenAt >= since) return Promise.resolve(this.#head);
    if (this.#proving === undefined || this.#proving.startedAt < since) this.#proving = this.#startProof();
    return this.#proving.done;
  }

  tree(head: Head): Tree {
    return new Tree(this.#context.pages, this.keys, head);
  }

  /** The head that this process saw last, with its tag. It may be out of date: only a swap that succeeds proves it. */
  get cached(): { head: Head; etag: ETag } | undefined {
    return this.#head === undefined || this.#etag === undefined
      ? undefined
      : { head: this.#head, etag: this.#etag };
  }

  /** The newest head with its tag, for a swap. */
  async current(): Promise<{ head: Head; etag: ETag }> {
    const head = await this.head(performance.now());
    return { head, etag: this.#etag as ETag };
  }

  /** Replaces the head that has `expected` (`null`: none). Throws the store's `conflict` and `unavailable`. */
  async swap(head: Head, expected: ETag | null, options: { reclaims?: boolean } = {}): Promise<void> {
    const { provider, vaultId, author, store } = this.#context;
    const bytes = sealHead(provider, this.keys, vaultId, head, author);
    const startedAt = performance.now();
    this.#etag = await store.swapRegister(this.register, expected, bytes, options);
    this.#head = head;
    this.#bytes = bytes.length;
    this.#provenAt = startedAt;
    this.#context.directories.saw(this, head.revision);
  }

  #startProof(): Proof {
    const turn = new Promise((resolve) => setImmediate(resolve));
    const proof: { startedAt: number; done: Promise<Head> } = {
      startedAt: Number.POSITIVE_INFINITY,
      done: turn
        .then(() => {
          proof.startedAt = performance.now();
          return this.#prove(proof.startedAt);
        })
        .finally(() => {
          if (this.#proving === proof) this.#proving = undefined;
        }),
    };
    return proof;
  }

  async #prove(startedAt: number): Promise<Head> {
    const { provider, vaultId, author, store, directories } = this.#context;
    return naming(`the head of a directory, ${this.register}`, async () => {
      const known = this.#etag;
      // What is seen after the question was asked may be newer than the answer.
      const seen = directories.highest(this);
      const state = await store.readRegister(this.register, known);
      if (state.status === 'absent')
        throw new HeadMissing('damaged', `the head of a directory, ${this.register}, is missing`);
      if (state.status === 'value') {
        const head = openHead(provider, this.keys, vaultId, state.bytes, author.publicKey);
        if (head.revision < seen) {
          throw new VaultError(
            'damaged',
            `the head of a directory, ${this.register}, is older than one seen before`,
          );
        }
        // A swap of ours may have gone by while this was read.
        if (this.#head === undefined || head.revision >= this.#head.revision) {
          this.#head = head;
          this.#etag = state.etag;
          this.#bytes = state.bytes.length;
        }
        directories.saw(this, head.revision);
      }
      this.#provenAt = Math.max(this.#provenAt, startedAt);
      return this.#head as Head;
    });
  }
}
