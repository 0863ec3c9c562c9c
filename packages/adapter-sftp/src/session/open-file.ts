import type { Borrowed, Entry, FileHandle, Path } from '@latchkey/vault';
import { STATUS } from '../codec/constants.js';
import { StatusError } from '../errors.js';
import { OrderedQueue } from './ordered-queue.js';
import type { PathClaim, PathOrder } from './path-order.js';

export interface OpenFileOptions {
  /** The path that the client asked for, where links led away from it. */
  readonly asked?: Path;
  readonly read: boolean;
  readonly write: boolean;
  readonly order: PathOrder;
}

/** A file that a client has open. */
export class OpenFile implements PathClaim {
  readonly kind = 'file';
  readonly readable: boolean;
  readonly writable: boolean;
  readonly exclusive: boolean;
  readonly #order: PathOrder;
  readonly #queue: OrderedQueue;
  #file: FileHandle;
  #path: Path;
  #asked: Path;
  #closed = false;
  /** Something else is at the path, or nothing. */
  #removed = false;

  constructor(file: FileHandle, path: Path, options: OpenFileOptions) {
    this.#file = file;
    this.#path = path;
    this.#asked = options.asked ?? path;
    this.readable = options.read;
    this.writable = options.write;
    this.exclusive = options.write;
    this.#order = options.order;
    this.#queue = new OrderedQueue(() => this.#order.remove(this));
  }

  get file(): FileHandle {
    return this.#file;
  }

  get path(): Path {
    return this.#path;
  }

  get paths(): readonly Path[] {
    return [this.#path];
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Whether the client means this file by `path`, until it renames or removes it itself. `follow`: it may have come
   * here by a link at the end of the path.
   */
  isAt(path: Path, follow: boolean): boolean {
    return !this.#removed && (isSame(path, this.#path) || (follow && isSame(path, this.#asked)));
  }

  passed(): Promise<void> {
    return this.#queue.passed();
  }

  run<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    if (this.#queue.idle) this.#order.add(this);
    return this.#queue.run(exclusive, task);
  }

  /** Up to `length` bytes from `offset` in pieces, none at the end. Throws when the handle is not for reading. */
  async read(offset: number, length: number): Promise<Borrowed> {
    if (!this.readable) throw new StatusError(STATUS.PERMISSION_DENIED, 'the handle is not open for reading');
    return this.#file.readPieces(offset, length);
  }

  /** The entry with what was written here, in turn. */
  seen(): Promise<Entry> {
    return this.run(false, () => this.#file.stat());
  }

  /**
   * Has the client rename the file that it is writing. What was written so far goes with the name, and what is written
   * from then on is written there: `reopen` opens the file at its new path.
   */
  renamed(to: Path, rename: () => Promise<void>, reopen: () => Promise<FileHandle>): Promise<void> {
    return this.run(true, async () => {
      if (!this.#closed) await this.#file.sync();
      await rename();
      if (this.#closed) return;
      await this.#file.close();
      this.#path = to;
      this.#asked = to;
      this.#file = await reopen();
    });
  }

  /** The client has removed it, or put another in its place. */
  removed(): void {
    this.#removed = true;
  }

  /** Publishes and closes. When that fails, what was written is kept as a draft. */
  async close(): Promise<void> {
    this.#closed = true;
    try {
      await this.#file.close();
    } catch (error) {
      await this.#file.abandon();
      throw error;
    }
  }

  async abandon(): Promise<void> {
    await this.#queue.passed();
    this.#closed = true;
    await this.#file.abandon();
  }
}

function isSame(one: Path, other: Path): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}
