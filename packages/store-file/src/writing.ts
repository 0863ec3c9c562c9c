import { close, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const writeFile = promisify(write);

/** Closes without blocking: on network file systems, closing is what sends the data. */
export const closeFile: (fd: number) => Promise<void> = promisify(close);

/** Writes all of `bytes` at the current position; a single call may stop short on a nearly full disk. */
export function writeAllSync(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
}

/** The same off the main thread, at a position in bytes. */
export async function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await writeFile(fd, bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

const BUFFER_BYTES = 256 * 1024;
const POOL_LIMIT = 32;
const pool: Uint8Array[] = [];

/** A chunk of so many bytes is written as it is. */
const DIRECT_BYTES = 128 * 1024;

/**
 * Writes a stream with two buffers of 256 KiB: one is being written by a worker thread while the other fills, so
 * the main thread is free to encrypt. Small chunks are copied, since the source may reuse them; large ones are written
 * before the next is asked for. Memory is bounded by the two buffers, whatever the stream's length.
 */
export class BufferedWriter {
  readonly #fd: number;
  readonly #smallBytes: number;
  #buffer: Uint8Array | undefined;
  #filled = 0;
  #position = 0;
  #spare: Uint8Array | undefined;
  #inFlight: Promise<void> = Promise.resolve();

  /** A stream of at most `smallBytes` is written synchronously, which is faster for little. */
  constructor(fd: number, smallBytes: number) {
    this.#fd = fd;
    this.#smallBytes = smallBytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    if (chunk.length >= DIRECT_BYTES) {
      if (this.#filled > 0) await this.#flush();
      await this.#inFlight;
      await writeAll(this.#fd, chunk, this.#position);
      this.#position += chunk.length;
      return;
    }
    for (let at = 0; at < chunk.length; ) {
      this.#buffer ??= pool.pop() ?? new Uint8Array(BUFFER_BYTES);
      const taken = Math.min(chunk.length - at, BUFFER_BYTES - this.#filled);
      this.#buffer.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled === BUFFER_BYTES) await this.#flush();
    }
  }

  async finish(): Promise<void> {
    if (this.#buffer !== undefined && this.#position === 0 && this.#filled <= this.#smallBytes) {
      writeAllSync(this.#fd, this.#buffer.subarray(0, this.#filled));
    } else {
      await this.#flush();
    }
    await this.#inFlight;
  }

  /** Waits until no write is under way, so that the file can be closed, and returns the buffers. Never fails. */
  async release(): Promise<void> {
    await this.#inFlight.catch(() => {});
    for (const buffer of [this.#buffer, this.#spare]) {
      if (buffer !== undefined && pool.length < POOL_LIMIT) pool.push(buffer);
    }
    this.#buffer = undefined;
    this.#spare = undefined;
  }

  async #flush(): Promise<void> {
    await this.#inFlight;
    const full = this.#buffer;
    if (full === undefined) return;
    const position = this.#position;
    this.#position += this.#filled;
    this.#inFlight = writeAll(this.#fd, full.subarray(0, this.#filled), position);
    // Looked at again by the next flush or the release; until then it must not count as unhandled.
    this.#inFlight.catch(() => {});
    this.#buffer = this.#spare;
    this.#spare = full;
    this.#filled = 0;
  }
}
