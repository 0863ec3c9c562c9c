import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import { makeHeader, setNonce } from './keys.js';
import { CHUNK_BYTES, chunkCount, LEAF_BYTES, SEGMENT_MAX } from './layout.js';
import { runBytes, sealRunHere } from './run.js';
import { leafHash, treeRoot } from './tree.js';

const UNKNOWN_LEAF = new Uint8Array(0);

/**
 * Seals one segment, front to back: {@link header}, every chunk, {@link trailer}. Each attempt at writing a segment
 * takes a new sealer with a new random key; a sealer can never seal the same chunk index twice.
 */
export class SegmentSealer {
  /** 80 bytes. */
  readonly header: Uint8Array;
  readonly #p: CryptoProvider;
  readonly #cipherKey: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #leaves: Uint8Array[];
  #size = 0;
  #pending = 0;
  #done = false;

  /** @param key 32 random bytes that no other segment has */
  constructor(p: CryptoProvider, vaultId: Uint8Array, key: Uint8Array) {
    const { header, cipherKey } = makeHeader(p, vaultId, key);
    this.header = header;
    this.#p = p;
    this.#cipherKey = cipherKey;
    this.#leaves = [leafHash(p, header)];
  }

  /** Plaintext bytes sealed so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Ciphertext and tag of the next chunk. Every chunk but the last is exactly 64 KiB; the last may be empty only if
   * it is the first. Throws `limit` otherwise, and for a segment that is over 64 MiB or already finished.
   */
  seal(chunk: Uint8Array, last: boolean): Uint8Array {
    const index = this.#leaves.length - 1;
    const fits = last
      ? chunk.length <= CHUNK_BYTES && (chunk.length > 0 || index === 0)
      : chunk.length === CHUNK_BYTES;
    if (this.#done || !fits || this.#size + chunk.length > SEGMENT_MAX) {
      throw new EncryptionError('limit', 'chunk does not fit the segment');
    }
    setNonce(this.#nonce, index, last);
    const sealed = this.#p.aesGcmSeal(this.#cipherKey, this.#nonce, this.header, chunk);
    this.#leaves.push(leafHash(this.#p, sealed));
    this.#size += chunk.length;
    this.#done = last;
    return sealed;
  }

  /**
   * Seals the next chunks in place: `size` bytes of plaintext, each 64 KiB with room for a tag of 16 bytes behind it.
   * `slab` is all of a buffer and is given away; resolves with it as an array of ciphertexts and tags. What is sealed after
   * it need not wait. Rejects with `limit` as {@link seal} throws.
   */
  async sealRun(
    slab: Uint8Array<ArrayBuffer>,
    size: number,
    last: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const first = this.#leaves.length - 1;
    const fits = size > 0 && (last || size % CHUNK_BYTES === 0) && slab.length >= runBytes(size);
    if (this.#done || !fits || this.#size + size > SEGMENT_MAX)
      throw new EncryptionError('limit', 'chunks do not fit the segment');
    const chunks = chunkCount(size);
    for (let i = 0; i < chunks; i++) this.#leaves.push(UNKNOWN_LEAF);
    this.#size += size;
    this.#done = last;
    this.#pending += 1;
    const run = { slab, size, key: this.#cipherKey, header: this.header, first, last };
    // Whoever fails here has no trailer: the count stays up.
    const { runs } = this.#p;
    const sealed = runs === undefined ? { slab, leaves: sealRunHere(this.#p, run) } : await runs.seal(run);
    for (let i = 0; i < chunks; i++)
      this.#leaves[first + 1 + i] = sealed.leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES);
    this.#pending -= 1;
    return sealed.slab;
  }

  /** What follows the last chunk: the leaves of the tree, 32 bytes each. */
  trailer(): Uint8Array {
    this.#requireDone();
    const trailer = new Uint8Array(this.#leaves.length * LEAF_BYTES);
    this.#leaves.forEach((leaf, i) => {
      trailer.set(leaf, i * LEAF_BYTES);
    });
    return trailer;
  }

  /** Root of the tree, 32 bytes, for the record. */
  root(): Uint8Array {
    this.#requireDone();
    return treeRoot(this.#p, this.#leaves);
  }

  #requireDone(): void {
    if (!this.#done || this.#pending > 0) throw new EncryptionError('limit', 'segment has no last chunk yet');
  }
}
