import {
  CHUNK_BYTES,
  type CryptoProvider,
  chunkCount,
  chunkRange,
  runBytes,
  SEGMENT_HEADER_BYTES,
  SegmentOpener,
  segmentBlobSize,
  trailerRange,
} from '@latchkey/encryption';
import type { Store } from '@latchkey/store';
import { LRUCache } from 'lru-cache';
import { VaultError } from '../errors.js';
import type { Borrowed } from '../session.js';
import { asVaultError, isStoreError } from '../translate.js';
import { blobKey } from './blob-name.js';
import { Chunk, ChunkCache, copyChunk } from './chunk-cache.js';
import type { Segment } from './pieces.js';
import { giveBackSlab, SLAB_PLAIN, takeSlab } from './slabs.js';

/** Segments whose header and tree of hashes are kept. One of 64 MiB has 33 KiB of them. */
const OPENED_SEGMENTS = 256;
/** A blob of at most this many bytes is fetched whole. */
const WHOLE_BYTES = 3 * CHUNK_BYTES;
const SEALED_CHUNK_BYTES = runBytes(CHUNK_BYTES);
/** Chunks fetched in one request at most: 1 MiB. */
export const SPAN_CHUNKS = 16;
const SLAB_CHUNKS = SLAB_PLAIN / CHUNK_BYTES;

/** Whether a segment is read in parts. */
export function isBulk(segment: Segment): boolean {
  return segmentBlobSize(segment.size) > WHOLE_BYTES;
}

/**
 * Reads segments: fetches spans of chunks, authenticates each, and keeps plaintext chunks within one byte budget for
 * the whole vault. Requests for the same chunk share one fetch.
 */
export class SegmentReader {
  readonly #store: Store;
  readonly #provider: CryptoProvider;
  readonly #vaultId: Uint8Array;
  readonly #opened = new LRUCache<string, Promise<SegmentOpener>>({ max: OPENED_SEGMENTS });
  readonly #chunks: ChunkCache;

  constructor(store: Store, provider: CryptoProvider, vaultId: Uint8Array, cacheBytes: number) {
    this.#store = store;
    this.#provider = provider;
    this.#vaultId = vaultId;
    this.#chunks = new ChunkCache(cacheBytes);
  }

  /**
   * `length` bytes of a segment's plaintext, as parts of its chunks. `ahead`: chunks to fetch beyond them; when there are
   * any, the segment is being read in order, and a chunk is not kept once its end has been read.
   */
  async read(segment: Segment, offset: number, length: number, ahead = 0): Promise<Borrowed> {
    const first = Math.floor(offset / CHUNK_BYTES);
    const last = Math.floor((offset + length - 1) / CHUNK_BYTES);
    const end = Math.min(last + ahead, chunkCount(segment.size) - 1);
    const chunks = await all(this.#request(segment, first, last, end));
    const pieces = chunks.map(({ bytes }, i) => {
      const index = first + i;
      const from = Math.max(0, offset - index * CHUNK_BYTES);
      const to = Math.min(bytes.length, offset + length - index * CHUNK_BYTES);
      if (ahead > 0 && to === bytes.length) this.#chunks.drop(chunkKey(segment, index));
      return to - from === bytes.length ? bytes : bytes.subarray(from, to);
    });
    const giveBack = (): void => {
      for (const chunk of chunks.splice(0)) chunk.release();
    };
    return { pieces, giveBack };
  }

  /**
   * Up to `length` bytes of a segment that {@link isBulk}, from the chunk of `offset` on as far as a slab reaches, past the
   * cache.
   */
  async borrow(segment: Segment, offset: number, length: number): Promise<Borrowed> {
    const first = Math.floor(offset / CHUNK_BYTES);
    const wanted = Math.floor((offset + length - 1) / CHUNK_BYTES);
    const last = Math.min(wanted, first + SLAB_CHUNKS - 1);
    const slab = await this.#authenticated(segment, () => this.#fetchSlab(segment, first, last));
    const pieces: Uint8Array[] = [];
    for (let index = first; index <= last; index++) {
      const at = index * CHUNK_BYTES;
      const from = Math.max(0, offset - at);
      const to = Math.min(CHUNK_BYTES, segment.size - at, offset + length - at);
      const start = (index - first) * SEALED_CHUNK_BYTES;
      pieces.push(slab.subarray(start + from, start + to));
    }
    return { pieces, giveBack: () => giveBackSlab(slab) };
  }

  async #fetchSlab(segment: Segment, first: number, last: number): Promise<Uint8Array<ArrayBuffer>> {
    const key = blobKey(segment.blob);
    const { offset } = chunkRange(first, segment.size);
    const end = chunkRange(last, segment.size);
    const length = end.offset + end.length - offset;
    const slab = takeSlab();
    const [opener, bytes] = await Promise.all([
      this.#openedSegment(segment),
      this.#store.getBlob(key, { offset, length }, slab),
    ]);
    // What is missing must not be made up for by what an earlier use has left.
    if (bytes.length !== length) throw new VaultError('damaged', `segment ${key} is cut short`);
    if (bytes.buffer !== slab.buffer) slab.set(bytes);
    return opener.openRun(slab, first, last);
  }

  /** Chunks `first` to `last`, asking the store for what is missing up to `end`. */
  #request(segment: Segment, first: number, last: number, end: number): (Chunk | Promise<Chunk>)[] {
    const name = blobKey(segment.blob);
    const result: (Chunk | Promise<Chunk>)[] = [];
    let from = -1;
    const flush = (to: number): void => {
      if (from >= 0) this.#fetch(segment, name, from, to);
      from = -1;
    };
    // Reading ahead is worth a request only when it is a whole span or nothing is left of it to ask for.
    const aheadIsDue = end > last && !this.#has(name, Math.min(end, last + 1 + ((end - last) >> 1)));
    const limit = aheadIsDue ? end : last;
    for (let index = first; index <= limit; index++) {
      if (this.#has(name, index)) flush(index - 1);
      else if (from < 0) from = index;
      if (from >= 0 && index - from + 1 === SPAN_CHUNKS) flush(index);
    }
    flush(limit);
    for (let index = first; index <= last; index++) result.push(this.#chunks.take(`${name}:${index}`));
    return result;
  }

  #has(name: string, index: number): boolean {
    return this.#chunks.has(`${name}:${index}`);
  }

  /** A whole slab and more is opened in other threads, slab by slab; less is not worth the way there. */
  #fetch(segment: Segment, name: string, from: number, to: number): void {
    const chunks = to - from + 1;
    if (chunks < SLAB_CHUNKS || this.#provider.runs === undefined || !isBulk(segment)) {
      this.#expect(name, from, to, this.#fetchSpan(segment, from, to));
      return;
    }
    for (let first = from; first <= to; first += SLAB_CHUNKS) {
      const last = Math.min(first + SLAB_CHUNKS - 1, to);
      this.#expect(name, first, last, this.#fetchCopies(segment, first, last));
    }
  }

  #expect(name: string, from: number, to: number, span: Promise<Uint8Array[]>): void {
    for (let index = from; index <= to; index++)
      this.#chunks.expect(
        `${name}:${index}`,
        span.then((chunks) => chunks[index - from] as Uint8Array),
      );
  }

  /** Chunks of a slab as arrays of their own, because the cache keeps and counts each by itself. */
  async #fetchCopies(segment: Segment, first: number, last: number): Promise<Uint8Array[]> {
    const slab = await this.#authenticated(segment, () => this.#fetchSlab(segment, first, last));
    const chunks: Uint8Array[] = [];
    for (let index = first; index <= last; index++) {
      const start = (index - first) * SEALED_CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES, segment.size - index * CHUNK_BYTES);
      chunks.push(copyChunk(slab.subarray(start, start + length)));
    }
    giveBackSlab(slab);
    return chunks;
  }

  async #fetchSpan(segment: Segment, from: number, to: number): Promise<Uint8Array[]> {
    const key = blobKey(segment.blob);
    return this.#authenticated(segment, async () => {
      if (!isBulk(segment)) {
        const blob = await this.#store.getBlob(key, { offset: 0, length: segmentBlobSize(segment.size) });
        const opener = this.#opener(segment, blob, 0);
        return this.#openChunks(segment, opener, blob, 0, from, to);
      }
      const start = chunkRange(from, segment.size).offset;
      const lastRange = chunkRange(to, segment.size);
      const reading = this.#store.getBlob(key, {
        offset: start,
        length: lastRange.offset + lastRange.length - start,
      });
      const [opener, bytes] = await Promise.all([this.#openedSegment(segment), reading]);
      return this.#openChunks(segment, opener, bytes, start, from, to);
    });
  }

  /** Tells what is wrong with a segment in the vault's words. */
  async #authenticated<T>(segment: Segment, work: () => Promise<T>): Promise<T> {
    const key = blobKey(segment.blob);
    try {
      return await work();
    } catch (error) {
      if (isStoreError(error, 'not-found')) {
        throw new VaultError('stale', `segment ${key} is not in the store`, { cause: error });
      }
      throw asVaultError(error, `segment ${key}`);
    }
  }

  #openedSegment(segment: Segment): Promise<SegmentOpener> {
    const key = blobKey(segment.blob);
    let opened = this.#opened.get(key);
    if (opened === undefined) {
      opened = this.#openSegment(segment);
      this.#opened.set(key, opened);
      opened.catch(() => this.#opened.delete(key));
    }
    return opened;
  }

  async #openSegment(segment: Segment): Promise<SegmentOpener> {
    const key = blobKey(segment.blob);
    const range = trailerRange(segment.size);
    const [header, trailer] = await Promise.all([
      this.#store.getBlob(key, { offset: 0, length: SEGMENT_HEADER_BYTES }),
      this.#store.getBlob(key, range),
    ]);
    return new SegmentOpener(this.#provider, this.#vaultId, this.#identity(segment), header, trailer);
  }

  #opener(segment: Segment, blob: Uint8Array, start: number): SegmentOpener {
    const range = trailerRange(segment.size);
    const trailer = blob.subarray(range.offset - start, range.offset - start + range.length);
    return new SegmentOpener(
      this.#provider,
      this.#vaultId,
      this.#identity(segment),
      blob.subarray(0, SEGMENT_HEADER_BYTES),
      trailer,
    );
  }

  #identity(segment: Segment): { key: Uint8Array; root: Uint8Array; segmentSize: number } {
    return { key: segment.key, root: segment.root, segmentSize: segment.size };
  }

  #openChunks(
    segment: Segment,
    opener: SegmentOpener,
    bytes: Uint8Array,
    start: number,
    from: number,
    to: number,
  ): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let index = from; index <= to; index++) {
      const range = chunkRange(index, segment.size);
      chunks.push(
        opener.open(index, bytes.subarray(range.offset - start, range.offset - start + range.length)),
      );
    }
    return chunks;
  }
}

/** All chunks, or none of them held when one cannot be had. */
async function all(wanted: readonly (Chunk | Promise<Chunk>)[]): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  try {
    for (const one of wanted) chunks.push(one instanceof Chunk ? one : await one);
    return chunks;
  } catch (error) {
    for (const one of wanted) {
      if (one instanceof Chunk) one.release();
      else
        one.then(
          (chunk) => chunk.release(),
          () => undefined,
        );
    }
    throw error;
  }
}

function chunkKey(segment: Segment, index: number): string {
  return `${blobKey(segment.blob)}:${index}`;
}
