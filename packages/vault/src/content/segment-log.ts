import {
  CHUNK_BYTES,
  type CryptoProvider,
  padmeSize,
  runBytes,
  SEGMENT_MAX,
  SegmentSealer,
  trailerRange,
} from '@latchkey/encryption';
import { concatBytes } from '../bytes.js';
import type { VaultContext } from '../context.js';
import { ByteQueue } from './byte-queue.js';
import type { Piece, Segment } from './pieces.js';
import { giveBackSlab, SLAB_PLAIN, takeSlab } from './slabs.js';

/** Sealed bytes of a segment that are gathered before a stream to the store is worth opening. */
const SINGLE_PUT_BYTES = 4 * CHUNK_BYTES;
const FIRST_BUFFER_BYTES = 8 * 1024;
const SEALED_CHUNK_BYTES = runBytes(CHUNK_BYTES);
const NO_BYTES = new Uint8Array(0);

type LogContext = Pick<VaultContext, 'writer' | 'budget' | 'padding' | 'vaultId'> & {
  readonly provider: CryptoProvider;
};

/**
 * A segment being filled. The last chunk stays unsealed until the segment is finished, because it carries a flag. A short
 * one is sealed chunk by chunk here and put at once; a long one, from the chunk on with which it has become too long for
 * that, by the slab and beside this thread.
 */
class OpenSegment {
  readonly segment: Segment;
  readonly done: Promise<void>;
  readonly #context: LogContext;
  readonly #sealer: SegmentSealer;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #filled = 0;
  #sealedBytes = 0;
  #gathered: Uint8Array[];
  #gatheredBytes = 0;
  #queue: ByteQueue | undefined;
  /** What is filled instead of the buffer once there is a queue, from the next chunk on. */
  #slab: Uint8Array<ArrayBuffer> | undefined;
  #sealing: Promise<void> = Promise.resolve();
  #failure: unknown;
  #settle!: { resolve: (value: void | PromiseLike<void>) => void; reject: (error: unknown) => void };

  constructor(context: LogContext, blob: Uint8Array) {
    this.#context = context;
    const key = context.provider.randomBytes(32);
    this.segment = { blob, key, root: new Uint8Array(0), size: 0 };
    this.#sealer = new SegmentSealer(context.provider, context.vaultId, key);
    this.#gathered = [this.#sealer.header];
    this.done = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever publishes awaits it; a handle that is dropped must not become an unhandled rejection.
    this.done.catch(() => undefined);
  }

  get size(): number {
    return this.#sealedBytes + this.#filled;
  }

  /** Takes as much of `data` as fits and returns how much that was. */
  append(data: Uint8Array): number {
    const take = Math.min(data.length, SEGMENT_MAX - this.size);
    let at = 0;
    while (at < take) {
      if (this.#slab !== undefined) {
        at += this.#fillSlab(this.#slab, data, at, take);
        continue;
      }
      if (this.#filled === CHUNK_BYTES) this.#sealChunk(false);
      if (this.#queue !== undefined && this.#filled === 0) {
        this.#slab = takeSlab();
        this.#buffer = NO_BYTES;
        continue;
      }
      const step = Math.min(take - at, CHUNK_BYTES - this.#filled);
      if (this.#filled === 0 && step === CHUNK_BYTES && take - at > CHUNK_BYTES) {
        // A whole chunk with more behind it needs no copy.
        this.#emit(this.#sealer.seal(data.subarray(at, at + step), false));
        this.#sealedBytes += step;
      } else {
        this.#reserve(this.#filled + step);
        this.#buffer.set(data.subarray(at, at + step), this.#filled);
        this.#filled += step;
      }
      at += step;
    }
    return take;
  }

  /** What is still in memory unsealed, or nothing when part of it has been sealed already. */
  peek(offset: number, length: number): Uint8Array | undefined {
    if (offset < this.#sealedBytes || this.#slab !== undefined) return undefined;
    const from = offset - this.#sealedBytes;
    return this.#buffer.slice(from, from + length);
  }

  /** Throws what the store said when it gave up on this segment. */
  async room(): Promise<void> {
    await this.#queue?.room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  finish(): void {
    this.#pad();
    this.segment.size = this.size;
    if (this.#slab !== undefined) this.#sealSlab(this.#slab, true);
    else this.#sealChunk(true);
    if (this.#queue !== undefined) {
      // The store has the root's leaves before it has the blob, so whoever waits for the blob has the root.
      const trailer = this.#sealing.then(() => {
        this.segment.root = this.#sealer.root();
        return this.#sealer.trailer();
      });
      this.#queue.pushLater(trailerRange(this.segment.size).length, trailer);
      this.#queue.end();
    } else {
      this.#gathered.push(this.#sealer.trailer());
      this.segment.root = this.#sealer.root();
      this.#settle.resolve(this.#context.writer.put(this.segment.blob, concatBytes(this.#gathered)));
      this.#gathered = [];
    }
  }

  /** Throws the segment away; the store keeps nothing of it. */
  discard(): void {
    this.#gathered = [];
    if (this.#slab !== undefined) giveBackSlab(this.#slab);
    this.#slab = undefined;
    this.#queue?.fail(new Error('discarded'));
    this.#settle.resolve();
  }

  #pad(): void {
    if (this.#context.padding !== 'padme') return;
    let missing = Math.min(padmeSize(this.size), SEGMENT_MAX) - this.size;
    const zeros = new Uint8Array(CHUNK_BYTES);
    while (missing > 0) missing -= this.append(zeros.subarray(0, Math.min(missing, CHUNK_BYTES)));
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const bigger = new Uint8Array(bytes <= 4 * FIRST_BUFFER_BYTES ? 4 * FIRST_BUFFER_BYTES : CHUNK_BYTES);
    bigger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = bigger;
  }

  /** Copies what of `data` from `at` to `end` fits into the chunk, and hands a full slab on that has more behind it. */
  #fillSlab(slab: Uint8Array<ArrayBuffer>, data: Uint8Array, at: number, end: number): number {
    if (this.#filled === SLAB_PLAIN) {
      this.#sealSlab(slab, false);
      this.#slab = takeSlab();
      return 0;
    }
    const within = this.#filled % CHUNK_BYTES;
    const step = Math.min(end - at, CHUNK_BYTES - within);
    const chunkAt = ((this.#filled - within) / CHUNK_BYTES) * SEALED_CHUNK_BYTES;
    slab.set(data.subarray(at, at + step), chunkAt + within);
    this.#filled += step;
    return step;
  }

  #sealSlab(slab: Uint8Array<ArrayBuffer>, last: boolean): void {
    const size = this.#filled;
    const length = runBytes(size);
    const sealing = this.#sealer.sealRun(slab, size, last);
    const chunk = sealing.then((sealed) => sealed.subarray(0, length));
    this.#queue?.pushLater(length, chunk, () => void sealing.then(giveBackSlab, () => undefined));
    this.#sealing = this.#sealing.then(() => sealing).then(() => undefined);
    this.#sealing.catch(() => undefined);
    this.#sealedBytes += size;
    this.#filled = 0;
    this.#slab = undefined;
  }

  #sealChunk(last: boolean): void {
    const sealed = this.#sealer.seal(this.#buffer.subarray(0, this.#filled), last);
    this.#sealedBytes += this.#filled;
    this.#filled = 0;
    this.#emit(sealed);
  }

  #emit(bytes: Uint8Array): void {
    if (this.#queue !== undefined) {
      this.#queue.push(bytes);
      return;
    }
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes <= SINGLE_PUT_BYTES) return;
    const queue = new ByteQueue(this.#context.budget);
    for (const one of this.#gathered) queue.push(one);
    this.#gathered = [];
    this.#queue = queue;
    const put = this.#context.writer.put(this.segment.blob, queue);
    put.catch((error: unknown) => {
      this.#failure = error;
      queue.release();
    });
    this.#settle.resolve(put);
  }
}

/**
 * Where the bytes of one open file go: a log of segments, written in the order of arrival whatever the file offset,
 * so that a random write costs no more than an append.
 */
export class SegmentLog {
  readonly #context: LogContext;
  #current: OpenSegment | undefined;
  /** Finished segments whose bytes may still be on their way, oldest first. */
  #finishing: OpenSegment[] = [];
  #spare: Uint8Array[] = [];

  constructor(context: LogContext) {
    this.#context = context;
  }

  /** Makes sure that {@link append} has references for `bytes` more bytes. */
  async prepare(bytes: number): Promise<void> {
    const wanted = Math.ceil(bytes / SEGMENT_MAX) + 1;
    while (this.#spare.length < wanted) this.#spare.push(await this.#context.writer.reserve());
  }

  get prepared(): boolean {
    return this.#spare.length > 1;
  }

  /** Copies `data` into the log, synchronously, and says where it went. Wants {@link prepare} first. */
  append(data: Uint8Array): Piece[] {
    const pieces: Piece[] = [];
    let at = 0;
    while (at < data.length) {
      if (this.#current !== undefined && this.#current.size === SEGMENT_MAX) this.cut();
      if (this.#current === undefined) {
        const blob = this.#spare.shift();
        if (blob === undefined) throw new Error('the log was not prepared');
        this.#current = new OpenSegment(this.#context, blob);
      }
      const offset = this.#current.size;
      const taken = this.#current.append(data.subarray(at));
      pieces.push({ kind: 'data', segment: this.#current.segment, offset, length: taken });
      at += taken;
    }
    return pieces;
  }

  /** Resolves when there is room for more; throws when an earlier segment could not be stored. */
  async room(): Promise<void> {
    await this.#current?.room();
    while (this.#finishing.length > 2) {
      await (this.#finishing[0] as OpenSegment).done;
      this.#finishing.shift();
    }
  }

  /** Ends the current segment. Its pieces can be published once {@link stored} has resolved. */
  cut(): void {
    if (this.#current === undefined) return;
    this.#current.finish();
    this.#finishing.push(this.#current);
    this.#current = undefined;
  }

  async stored(): Promise<void> {
    const waiting = this.#finishing;
    await Promise.all(waiting.map((one) => one.done));
    this.#finishing = this.#finishing.filter((one) => !waiting.includes(one));
  }

  /** Bytes of a piece that have not been sealed yet; nothing when they must be read from the store. */
  peek(piece: Piece): Uint8Array | undefined {
    if (piece.kind !== 'data' || piece.segment !== this.#current?.segment) return undefined;
    return this.#current.peek(piece.offset, piece.length);
  }

  /** Bytes in the segment that is being filled. */
  get pendingBytes(): number {
    return this.#current?.size ?? 0;
  }

  /** Whether a segment has bytes that the store does not have yet. */
  isOpen(segment: Segment): boolean {
    return segment === this.#current?.segment || this.#finishing.some((one) => one.segment === segment);
  }

  discard(): void {
    this.#current?.discard();
    this.#current = undefined;
  }
}
