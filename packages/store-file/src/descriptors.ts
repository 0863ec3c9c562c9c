import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';

/** A file open for reading. Give it back with {@link Descriptors.release}. */
export interface OpenFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes, as of the last {@link Descriptors.open}. */
  size: number;
  /** Reads under way. */
  users: number;
  /** No longer kept: the last user closes it. */
  forgotten: boolean;
  usedAt: number;
}

// Whoever owns the medium may plant a pipe or a link under a key: neither may block or mislead the reader.
const FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
const IDLE_MS = 10_000;

/**
 * Keeps the files read last open, so that ranges of one segment do not open it again and again. A file that was
 * removed or replaced meanwhile is noticed at its next use, and none stays open unused for more than some seconds,
 * lest it hold space that was freed.
 */
export class Descriptors {
  readonly #limit: number;
  /** In order of use, the oldest first. */
  readonly #files = new Map<string, OpenFile>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Opens a regular file, or returns undefined when `path` is something else. Throws the system's error. */
  open(path: string): OpenFile | undefined {
    const known = this.#files.get(path);
    if (known !== undefined) {
      const stats = fstatSync(known.fd);
      if (stats.nlink > 0) return this.#use(known, stats);
      this.forget(path);
    }
    const fd = openSync(path, FLAGS);
    try {
      const stats = fstatSync(fd);
      if (stats.isFile())
        return this.#use({ path, fd, size: 0, users: 0, forgotten: false, usedAt: 0 }, stats);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
    return undefined;
  }

  release(file: OpenFile): void {
    file.users -= 1;
    if (file.forgotten && file.users === 0) closeSync(file.fd);
  }

  /** Closes the file of `path` as soon as nobody reads it. */
  forget(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    this.#files.delete(path);
    file.forgotten = true;
    if (file.users === 0) closeSync(file.fd);
  }

  closeAll(): void {
    for (const path of [...this.#files.keys()]) this.forget(path);
    this.#stopSweeping();
  }

  #use(file: OpenFile, stats: Stats): OpenFile {
    file.size = stats.size;
    file.users += 1;
    file.usedAt = performance.now();
    this.#files.delete(file.path);
    this.#files.set(file.path, file);
    if (this.#files.size > this.#limit) this.forget(this.#files.keys().next().value!);
    this.#timer ??= setInterval(() => this.#sweep(), IDLE_MS).unref();
    return file;
  }

  #sweep(): void {
    const oldest = performance.now() - IDLE_MS;
    for (const file of [...this.#files.values()]) {
      if (file.usedAt < oldest && file.users === 0) this.forget(file.path);
    }
    if (this.#files.size === 0) this.#stopSweeping();
  }

  #stopSweeping(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
