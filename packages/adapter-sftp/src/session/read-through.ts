import { type Borrowed, type Entry, type FileHandle, VaultError } from '@latchkey/vault';
import type { OpenFile } from './open-file.js';

/**
 * A handle for reading a file that the same session is writing. It reads what was written, published or not, as a
 * program expects that opens its own file twice; when the writer has closed, the version that it published.
 */
export class ReadThrough implements FileHandle {
  readonly #writer: OpenFile;
  readonly #reopen: () => Promise<FileHandle>;
  #published: Promise<FileHandle> | undefined;

  constructor(writer: OpenFile, reopen: () => Promise<FileHandle>) {
    this.#writer = writer;
    this.#reopen = reopen;
  }

  stat(): Promise<Entry> {
    return this.#use((file) => file.stat());
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const { pieces, giveBack } = await this.readPieces(offset, length);
    const bytes = Buffer.concat(pieces);
    giveBack();
    return bytes;
  }

  readPieces(offset: number, length: number): Promise<Borrowed> {
    return this.#use((file) => file.readPieces(offset, length));
  }

  borrow(offset: number, length: number): Promise<Borrowed> {
    return this.#use((file) => file.borrow(offset, length));
  }

  async #use<T>(task: (file: FileHandle) => Promise<T>): Promise<T> {
    if (!this.#writer.closed) {
      const result = await this.#writer.run(false, async () =>
        this.#writer.closed ? undefined : { value: await task(this.#writer.file) },
      );
      if (result !== undefined) return result.value;
    }
    this.#published ??= this.#reopen();
    return task(await this.#published);
  }

  write(): Promise<void> {
    return refuse();
  }

  truncate(): Promise<void> {
    return refuse();
  }

  setAttributes(): Promise<void> {
    return refuse();
  }

  sync(): Promise<void> {
    return refuse();
  }

  async close(): Promise<void> {
    await (await this.#published)?.close();
  }

  async abandon(): Promise<void> {
    await (await this.#published?.catch(() => undefined))?.abandon();
  }
}

async function refuse(): Promise<never> {
  throw new VaultError('invalid-argument', 'the file is not open for writing');
}
