import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import { makeHeader, setNonce } from './keys.js';
import { CHUNK_BYTES, LEAF_BYTES, SEGMENT_MAX } from './layout.js';
import { leafHash, treeRoot } from './tree.js';

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
    if (!this.#done) throw new EncryptionError('limit', 'segment has no last chunk yet');
  }
}
