import type { Entry, Path, VaultSession } from '@latchkey/vault';
import { STATUS } from '../codec/constants.js';
import { StatusError } from '../errors.js';
import type { OpenFile } from './open-file.js';
import { OrderedQueue } from './ordered-queue.js';

/** Entries asked of the vault at a time. */
const PAGE_ENTRIES = 512;

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

  /** The file that this session is writing under a path, see {@link OpenFile.isAt}; of several the newest. */
  writer(path: Path, follow: boolean): OpenFile | undefined {
    let found: OpenFile | undefined;
    for (const handle of this.#handles.values())
      if (handle.kind === 'file' && handle.writable && handle.isAt(path, follow)) found = handle;
    return found;
  }

  /** The files that this session is writing in a directory, by name. */
  writersIn(directory: Path): ReadonlyMap<string, OpenFile> {
    const found = new Map<string, OpenFile>();
    for (const handle of this.#handles.values()) {
      if (handle.kind !== 'file' || !handle.writable) continue;
      const name = handle.path.at(-1);
      if (name !== undefined && handle.isAt([...directory, name], false)) found.set(name, handle);
    }
    return found;
  }

  /** Takes every handle out. */
  drain(): readonly OpenHandle[] {
    const all = [...this.#handles.values()];
    this.#handles.clear();
    return all;
  }
}
