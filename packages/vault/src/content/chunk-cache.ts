import { CHUNK_BYTES } from '@latchkey/encryption';
import { LRUCache } from 'lru-cache';

/** Memory of whole chunks that is kept when nobody holds it, for all vaults of the process: 4 MiB. */
const KEPT = 64;
const idle: Uint8Array[] = [];

/** A copy, in memory that is used again: at the speed of a download fresh memory is mostly work for the collector. */
export function copyChunk(bytes: Uint8Array): Uint8Array {
  const memory = bytes.length === CHUNK_BYTES ? idle.pop() : undefined;
  if (memory === undefined) return new Uint8Array(bytes);
  memory.set(bytes);
  return memory;
}

/** A chunk of plaintext that the cache and readers hold. When the last lets go of it, its memory is used again. */
export class Chunk {
  readonly bytes: Uint8Array;
  #holds: number;

  constructor(bytes: Uint8Array, holds: number) {
    this.bytes = bytes;
    this.#holds = holds;
  }

  hold(): void {
    this.#holds += 1;
  }

  /** To be called once for each hold. One that is never let go of is collected with the chunk, as any memory. */
  release(): void {
    this.#holds -= 1;
    if (this.#holds !== 0) return;
    // Nothing else may lie in the same memory.
    const whole = this.bytes.length === CHUNK_BYTES && this.bytes.buffer.byteLength === CHUNK_BYTES;
    if (whole && idle.length < KEPT) idle.push(this.bytes);
  }
}

interface Pending {
  /** Readers that wait: they hold the chunk from the moment it is there, before the cache can drop it. */
  readers: number;
  chunk: Promise<Chunk>;
}

/** Chunks by name within a budget of bytes, and those that are on their way. */
export class ChunkCache {
  readonly #kept: LRUCache<string, Chunk>;
  readonly #pending = new Map<string, Pending>();

  constructor(bytes: number) {
    this.#kept = new LRUCache({
      maxSize: bytes,
      sizeCalculation: (chunk) => chunk.bytes.length + 1,
      dispose: (chunk) => chunk.release(),
    });
  }

  has(key: string): boolean {
    return this.#kept.has(key) || this.#pending.has(key);
  }

  /** Keeps a chunk when it comes. */
  expect(key: string, bytes: Promise<Uint8Array>): void {
    const pending: Pending = {
      readers: 0,
      chunk: bytes.then(
        (plain) => {
          this.#pending.delete(key);
          const chunk = new Chunk(plain, pending.readers + 1);
          this.#kept.set(key, chunk);
          return chunk;
        },
        (error: unknown) => {
          this.#pending.delete(key);
          throw error;
        },
      ),
    };
    // Whoever waits for it gets the error; nobody may.
    pending.chunk.catch(() => undefined);
    this.#pending.set(key, pending);
  }

  /** One that the cache {@link has}, held for the caller. */
  take(key: string): Chunk | Promise<Chunk> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      kept.hold();
      return kept;
    }
    const pending = this.#pending.get(key) as Pending;
    pending.readers += 1;
    return pending.chunk;
  }

  drop(key: string): void {
    this.#kept.delete(key);
  }
}
