import { closeSync, read, readSync, renameSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type ByteRange, StoreError, type StoreKey } from '@latchkey/store';
import type { Descriptors, OpenFile } from './descriptors.js';
import type { Syncer } from './durability.js';
import { systemCode } from './errors.js';
import type { Root } from './root.js';
import type { TemporaryFiles } from './temporary.js';
import { BufferedWriter, closeFile, writeAll, writeAllSync } from './writing.js';

const readFile = promisify(read);

/** Up to this many bytes a synchronous call costs less than the way through a worker thread. */
const SMALL_BYTES = 64 * 1024;
const SMALL_READ_BYTES = 128 * 1024;

const NO_BYTES = new Uint8Array(0);

/** Carries an error of the caller's own source past the mapping of system errors. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
}

/** Blobs: written aside, then renamed into place, so that a key holds all of a blob or nothing. */
export class Blobs {
  readonly #root: Root;
  readonly #temporary: TemporaryFiles;
  readonly #syncer: Syncer;
  readonly #descriptors: Descriptors;

  constructor(root: Root, temporary: TemporaryFiles, syncer: Syncer, descriptors: Descriptors) {
    this.#root = root;
    this.#temporary = temporary;
    this.#syncer = syncer;
    this.#descriptors = descriptors;
  }

  async get(key: StoreKey, range: ByteRange, into?: Uint8Array): Promise<Uint8Array> {
    const file = this.#open(key);
    try {
      // The size bounds the allocation, whatever length was asked for.
      const length = Math.min(range.length, file.size - range.offset);
      if (length <= 0) return NO_BYTES;
      // Not from Node's shared pool: the bytes may be handed on, and they must not drag a larger block along.
      const bytes =
        into !== undefined && into.length >= length
          ? into.subarray(0, length)
          : new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      const filled =
        length <= SMALL_READ_BYTES
          ? fillSync(file, bytes, range.offset)
          : await fill(file, bytes, range.offset);
      return filled === length ? bytes : bytes.subarray(0, filled);
    } finally {
      this.#descriptors.release(file);
    }
  }

  async put(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { path, fd } = this.#temporary.open();
    try {
      let open = true;
      try {
        if (!(body instanceof Uint8Array)) await writeStream(fd, body);
        else if (body.length <= SMALL_BYTES) writeAllSync(fd, body);
        else await writeAll(fd, body, 0);
        await this.#syncer.file(fd);
        open = false;
        // A failing close means lost data where closing is what sends it.
        if (body instanceof Uint8Array && body.length <= SMALL_BYTES) closeSync(fd);
        else await closeFile(fd);
      } finally {
        if (open) closeSync(fd);
      }
      const target = this.#root.layout.blob(key);
      this.#root.place(target, () => renameSync(path, target));
    } catch (error) {
      this.#temporary.discard(path);
      throw error;
    }
    await this.#syncer.names(this.#root.layout.blob(key), this.#root.layout.blobs);
  }

  /** Whether there was such a blob. */
  async delete(key: StoreKey): Promise<boolean> {
    const path = this.#root.layout.blob(key);
    this.#descriptors.forget(path);
    try {
      await unlink(path);
    } catch (error) {
      // EISDIR, or EPERM on some systems: a directory, thus no blob of this name.
      if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error))) return false;
      throw error;
    }
    this.#root.removeEmptyParents(path, this.#root.layout.blobs);
    return true;
  }

  #open(key: StoreKey): OpenFile {
    let file: OpenFile | undefined;
    try {
      file = this.#descriptors.open(this.#root.layout.blob(key));
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error))) throw error;
    }
    if (file !== undefined) return file;
    this.#root.assertPresent();
    throw new StoreError('not-found', `no blob ${key}`);
  }
}

async function writeStream(fd: number, source: AsyncIterable<Uint8Array>): Promise<void> {
  const writer = new BufferedWriter(fd, SMALL_BYTES);
  try {
    for await (const chunk of guarded(source)) await writer.append(chunk);
    await writer.finish();
  } finally {
    await writer.release();
  }
}

async function* guarded(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* source;
  } catch (error) {
    throw new SourceFailure('the source of a blob failed', { cause: error });
  }
}

function fillSync(file: OpenFile, bytes: Uint8Array, offset: number): number {
  let at = 0;
  while (at < bytes.length) {
    const got = readSync(file.fd, bytes, at, bytes.length - at, offset + at);
    if (got === 0) break;
    at += got;
  }
  return at;
}

async function fill(file: OpenFile, bytes: Uint8Array, offset: number): Promise<number> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await readFile(file.fd, bytes, at, bytes.length - at, offset + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}
