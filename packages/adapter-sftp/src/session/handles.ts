import type { Entry, FileHandle, Path, VaultSession } from '@latchkey/vault';
import { STATUS } from '../codec/constants.js';
import { StatusError } from '../errors.js';
import { OrderedQueue } from './ordered-queue.js';
import type { PathClaim, PathOrder } from './path-order.js';

/** Entries asked of the vault at a time. */
const PAGE_ENTRIES = 512;

export interface OpenFileOptions {
  readonly read: boolean;
  readonly write: boolean;
  readonly order: PathOrder;
}

/** A file that a client has open. */
export class OpenFile implements PathClaim {
  readonly kind = 'file';
  readonly file: FileHandle;
  readonly path: Path;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly paths: readonly Path[];
  readonly exclusive: boolean;
  readonly #order: PathOrder;
  readonly #queue: OrderedQueue;

  constructor(file: FileHandle, path: Path, options: OpenFileOptions) {
    this.file = file;
    this.path = path;
    this.paths = [path];
    this.readable = options.read;
    this.writable = options.write;
    this.exclusive = options.write;
    this.#order = options.order;
    this.#queue = new OrderedQueue(() => this.#order.remove(this));
  }

  passed(): Promise<void> {
    return this.#queue.passed();
  }

  run<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    if (this.#queue.idle) this.#order.add(this);
    return this.#queue.run(exclusive, task);
  }

  /** Up to `length` bytes from `offset` in pieces, none at the end. Throws when the handle is not for reading. */
  async read(offset: number, length: number): Promise<readonly Uint8Array[]> {
    if (!this.readable) throw new StatusError(STATUS.PERMISSION_DENIED, 'the handle is not open for reading');
    return this.file.readPieces(offset, length);
  }

  /** Publishes and closes. When that fails, what was written is kept as a draft. */
  async close(): Promise<void> {
    try {
      await this.file.close();
    } catch (error) {
      await this.file.abandon();
      throw error;
    }
  }

  async abandon(): Promise<void> {
    await this.#queue.passed();
    await this.file.abandon();
  }
}

/**
 * Names that no SFTP path can mean. The vault may hold them, and a client that believed a listing of them would leave
 * the directory into which it downloads.
 */
function hasPath({ name }: Entry): boolean {
  return name !== '' && name !== '.' && name !== '..';
}

/** A directory that a client lists. At most two pages are in memory: the one being sent and the one behind it. */
export class OpenDirectory {
  readonly kind = 'directory';
  readonly path: Path;
  readonly #vault: VaultSession;
  readonly #queue = new OrderedQueue();
  #entries: readonly Entry[];
  #position = 0;
  #following: ReturnType<VaultSession['list']> | undefined;

  private constructor(vault: VaultSession, path: Path, entries: readonly Entry[]) {
    this.#vault = vault;
    this.path = path;
    this.#entries = entries;
  }

  /** Throws `not-found` and `not-a-directory` as the vault does. */
  static async open(vault: VaultSession, path: Path): Promise<OpenDirectory> {
    const page = await vault.list(path, { limit: PAGE_ENTRIES });
    const directory = new OpenDirectory(vault, path, page.entries.filter(hasPath));
    directory.#prefetch(page.next);
    return directory;
  }

  run<T>(exclusive: boolean, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(exclusive, task);
  }

  /** The next entry, or `undefined` at the end. */
  async peek(): Promise<Entry | undefined> {
    while (this.#position >= this.#entries.length) {
      const following = this.#following;
      if (following === undefined) return undefined;
      const page = await following;
      this.#entries = page.entries.filter(hasPath);
      this.#position = 0;
      this.#prefetch(page.next);
    }
    return this.#entries[this.#position];
  }

  /** Whether {@link peek} answers without asking the vault. */
  get ready(): boolean {
    return this.#position < this.#entries.length;
  }

  advance(): void {
    this.#position += 1;
  }

  #prefetch(after: string | undefined): void {
    this.#following =
      after === undefined ? undefined : this.#vault.list(this.path, { after, limit: PAGE_ENTRIES });
    // The reader of the page gets the error; until then it must not count as unhandled.
    this.#following?.catch(() => {});
  }
}

export type OpenHandle = OpenFile | OpenDirectory;

/** The open handles of a session, by the opaque strings that the client was given. */
export class HandleTable {
  readonly #handles = new Map<number, OpenHandle>();
  readonly #limit: number;
  #next = 1;
  #reserved = 0;

  /** `limit`: how many handles may be open at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#handles.size;
  }

  /** Holds a place while a file is being opened. Throws FAILURE when all are taken. */
  reserve(): void {
    if (this.#handles.size + this.#reserved >= this.#limit) {
      throw new StatusError(STATUS.FAILURE, `too many open handles, the limit is ${this.#limit}`);
    }
    this.#reserved += 1;
  }

  release(): void {
    this.#reserved -= 1;
  }

  add(handle: OpenHandle): Buffer {
    while (this.#handles.has(this.#next)) this.#next = (this.#next + 1) >>> 0;
    const name = Buffer.allocUnsafe(4);
    name.writeUInt32BE(this.#next);
    this.#handles.set(this.#next, handle);
    this.#next = (this.#next + 1) >>> 0;
    return name;
  }

  /** Throws FAILURE for a string that names no open handle. */
  get(name: Buffer): OpenHandle {
    const handle = name.length === 4 ? this.#handles.get(name.readUInt32BE(0)) : undefined;
    if (handle === undefined) throw new StatusError(STATUS.FAILURE, 'no such handle');
    return handle;
  }

  file(name: Buffer): OpenFile {
    const handle = this.get(name);
    if (handle.kind !== 'file') throw new StatusError(STATUS.FAILURE, 'the handle is not that of a file');
    return handle;
  }

  writableFile(name: Buffer): OpenFile {
    const handle = this.file(name);
    if (!handle.writable)
      throw new StatusError(STATUS.PERMISSION_DENIED, 'the handle is not open for writing');
    return handle;
  }

  directory(name: Buffer): OpenDirectory {
    const handle = this.get(name);
    if (handle.kind !== 'directory')
      throw new StatusError(STATUS.FAILURE, 'the handle is not that of a directory');
    return handle;
  }

  remove(name: Buffer): void {
    this.#handles.delete(name.readUInt32BE(0));
  }

  /** Takes every handle out. */
  drain(): readonly OpenHandle[] {
    const all = [...this.#handles.values()];
    this.#handles.clear();
    return all;
  }
}
