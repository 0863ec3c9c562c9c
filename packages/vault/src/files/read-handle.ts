import { ContentReader } from '../content/content-reader.js';
import type { PieceList } from '../content/pieces.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { changeRecord } from '../names/attributes.js';
import type { RecordFields } from '../record/build.js';
import { describe } from '../record/entry.js';
import type { Attributes, Entry, FileHandle, Path } from '../session.js';
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
    return this.#reader.read(this.#content, offset, length);
  }

  async readPieces(offset: number, length: number): Promise<readonly Uint8Array[]> {
    if (this.#closed) throw new VaultError('closed', 'the file is closed');
    checkRange(offset, length);
    return this.#reader.readPieces(this.#content, offset, length);
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
