import { equalBytes } from '../bytes.js';
import { EncryptionError } from '../errors.js';
import type { CryptoProvider } from '../provider.js';
import { openHeader, setNonce } from './keys.js';
import { CHUNK_BYTES, chunkCount, chunkRange, LEAF_BYTES, SEGMENT_MAX, trailerRange } from './layout.js';
import { openRunHere, runBytes } from './run.js';
import { leafHash, treeRoot } from './tree.js';

/** What a record says about a segment. */
export interface SegmentRef {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 32 bytes, signed by the author. */
  readonly root: Uint8Array;
  /** Plaintext bytes. */
  readonly segmentSize: number;
}

/** Opens chunks of one segment in any order, each authenticated before a byte of it is released. */
export class SegmentOpener {
  readonly #p: CryptoProvider;
  readonly #header: Uint8Array;
  readonly #trailer: Uint8Array;
  readonly #cipherKey: Uint8Array;
  readonly #size: number;
  readonly #nonce = new Uint8Array(12);

  /**
   * Checks header and trailer against what the author signed. Keeps both. Throws `damaged`, or `malformed` and
   * `unsupported` for a header of another kind, or `limit`.
   */
  constructor(
    p: CryptoProvider,
    vaultId: Uint8Array,
    ref: SegmentRef,
    header: Uint8Array,
    trailer: Uint8Array,
  ) {
    const size = ref.segmentSize;
    if (!(size >= 0 && size <= SEGMENT_MAX)) throw new EncryptionError('limit', 'segment is over its limit');
    this.#cipherKey = openHeader(p, vaultId, ref.key, header);
    if (trailer.length !== trailerRange(size).length)
      throw new EncryptionError('damaged', 'segment trailer is cut short');
    const leaves = splitTrailer(trailer);
    if (
      !equalBytes(treeRoot(p, leaves), ref.root) ||
      !equalBytes(leafHash(p, header), leaves[0] as Uint8Array)
    ) {
      throw new EncryptionError('damaged', 'segment is not the one that was signed');
    }
    this.#p = p;
    this.#header = header;
    this.#trailer = trailer;
    this.#size = size;
  }

  /** The plaintext of chunk `index` from its ciphertext and tag. Throws `damaged`, or `limit` for no such chunk. */
  open(index: number, sealed: Uint8Array): Uint8Array {
    const chunks = chunkCount(this.#size);
    if (!(index >= 0 && index < chunks)) throw new EncryptionError('limit', 'no such chunk');
    const leaf = this.#trailer.subarray((index + 1) * LEAF_BYTES, (index + 2) * LEAF_BYTES);
    if (
      sealed.length !== chunkRange(index, this.#size).length ||
      !equalBytes(leafHash(this.#p, sealed), leaf)
    ) {
      throw new EncryptionError('damaged', 'chunk is not the one that was signed');
    }
    setNonce(this.#nonce, index, index === chunks - 1);
    return this.#p.aesGcmOpen(this.#cipherKey, this.#nonce, this.#header, sealed);
  }

  /**
   * Opens chunks `first` to `last` in place, which lie at the beginning of `slab` as they do in the blob. `slab` is all of a
   * buffer and is given away; resolves with it as an array with each plaintext where its ciphertext was. Rejects with
   * `damaged`, or `limit` for no such chunks.
   */
  async openRun(
    slab: Uint8Array<ArrayBuffer>,
    first: number,
    last: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const chunks = chunkCount(this.#size);
    const size = Math.min((last + 1) * CHUNK_BYTES, this.#size) - first * CHUNK_BYTES;
    if (!(first >= 0 && first <= last && last < chunks && size > 0 && slab.length >= runBytes(size)))
      throw new EncryptionError('limit', 'no such chunks');
    const leaves = this.#trailer.subarray((first + 1) * LEAF_BYTES, (last + 2) * LEAF_BYTES);
    const run = {
      slab,
      size,
      key: this.#cipherKey,
      header: this.#header,
      first,
      last: last === chunks - 1,
    };
    if (this.#p.runs !== undefined) return this.#p.runs.open(run, leaves);
    openRunHere(this.#p, run, leaves);
    return slab;
  }
}

export function splitTrailer(trailer: Uint8Array): Uint8Array[] {
  return Array.from({ length: trailer.length / LEAF_BYTES }, (_, i) =>
    trailer.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES),
  );
}

/** First and last chunk of a stretch of plaintext, which is not empty. */
export function chunksOf(offset: number, length: number): { first: number; last: number } {
  return { first: Math.floor(offset / CHUNK_BYTES), last: Math.floor((offset + length - 1) / CHUNK_BYTES) };
}
