import { sameBytes } from '../bytes.js';
import { ContentReader } from '../content/content-reader.js';
import type { PieceList } from '../content/pieces.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { changeRecord } from '../names/attributes.js';
import type { RecordFields } from '../record/build.js';
import { describe } from '../record/entry.js';
import type { Attributes, Borrowed, Entry, FileHandle, Path } from '../session.js';
import { checkRange } from './range.js';

/** One version of a file, open for reading. Its segments are kept from this process's own sweeps while it is open. */
export class ReadHandle implements FileHandle {
  /** The record that was opened, and the directory that it stands in. */
  readonly opened: { readonly directory: Directory; readonly fields: RecordFields };
  readonly #context: VaultContext;
  readonly #directory: Directory;
  readonly #key: string;
  readonly #path: Path;
  readonly #content: PieceList;
  readonly #reader: ContentReader;
  readonly #unpin: () => void;
  readonly #signature: Uint8Array | undefined;
  #entry: Entry;
  #closed = false;

  constructor(
    context: VaultContext,
    directory: Directory,
    key: string,
    path: Path,
    fields: RecordFields,
    content: PieceList,
  ) {
    this.opened = { directory, fields };
    this.#context = context;
    this.#directory = directory;
    this.#key = key;
    this.#path = path;
    this.#content = content;
    this.#signature = fields.signature;
    this.#reader = new ContentReader(context.segments);
    this.#entry = describe(key, fields.listing, directory.id);
    this.#unpin = context.pins.pin(content);
  }

  async stat(): Promise<Entry> {
    return this.#entry;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#closed) throw new VaultError('closed', 'the file is closed');
    checkRange(offset, length);
    return this.#whole(this.#reader.read(this.#content, offset, length));
  }

  async readPieces(offset: number, length: number): Promise<Borrowed> {
    if (this.#closed) throw new VaultError('closed', 'the file is closed');
    checkRange(offset, length);
    return this.#whole(this.#reader.readPieces(this.#content, offset, length));
  }

  async borrow(offset: number, length: number): Promise<Borrowed> {
    if (this.#closed) throw new VaultError('closed', 'the file is closed');
    checkRange(offset, length);
    return this.#whole(this.#reader.borrow(this.#content, offset, length));
  }

  /** Content that is gone is `stale` when the file has been replaced, and damage when it still refers to it. */
  async #whole<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof VaultError) || error.code !== 'stale' || !(await this.#stands())) throw error;
      throw new VaultError('damaged', error.message, { cause: error });
    }
  }

  /** Whether the version that was opened is still the newest. */
  async #stands(): Promise<boolean> {
    try {
      const head = await this.#directory.head(performance.now());
      const row = await this.#directory.tree(head).get(this.#key);
      return (
        row !== undefined &&
        this.#signature !== undefined &&
        sameBytes(row.sealed().signature, this.#signature)
      );
    } catch {
      return false;
    }
  }

  async write(): Promise<void> {
    throw readOnly();
  }

  async truncate(): Promise<void> {
    throw readOnly();
  }

  async setAttributes(attributes: Attributes): Promise<void> {
    this.#entry = await changeRecord(this.#context, this.#directory, this.#key, this.#path, attributes);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
    this.#unpin();
  }

  async abandon(): Promise<void> {
    await this.close();
  }
}

function readOnly(): VaultError {
  return new VaultError('invalid-argument', 'the file is not open for writing');
}
