import type { Hold } from '../content/blob-writer.js';
import { ContentReader } from '../content/content-reader.js';
import { type Piece, PieceList } from '../content/pieces.js';
import { SegmentLog } from '../content/segment-log.js';
import type { VaultContext } from '../context.js';
import type { Directory } from '../directory/directory.js';
import { VaultError } from '../errors.js';
import { INLINE_BYTES } from '../limits.js';
import { changeRecord } from '../names/attributes.js';
import { checkAttributes, freshListing, type RecordFields, withAttributes } from '../record/build.js';
import { describe } from '../record/entry.js';
import type { Attributes, Borrowed, Entry, FileHandle, OpenOptions, Path } from '../session.js';
import { Edits } from './edits.js';
import { publish, saveDraft } from './publish.js';
import { checkRange } from './range.js';

/** A handle opened without truncation publishes on its own after this many milliseconds. */
const PUBLISH_MS = 60_000;
/** Longer writes are taken in steps, so that backpressure works inside them. */
const STEP_BYTES = 1024 * 1024;
/** Sizes are exact up to here. */
const MAX_SIZE: number = Number.MAX_SAFE_INTEGER;

export interface Opening {
  readonly directory: Directory;
  readonly name: string;
  readonly path: Path;
  /** The record that was opened; none when the file is being made. */
  readonly fields: RecordFields | undefined;
  readonly content: PieceList;
  /** The new content replaces whatever stands there; otherwise the edits are made to the newest version. */
  readonly replace: boolean;
  readonly options: OpenOptions;
  /** The first publication fails with `exists` when something stands under the name by then. */
  readonly mustBeNew: boolean;
}

/** What a handle hands over to be published. */
export interface Unsaved {
  readonly view: PieceList;
  readonly edits: Edits;
  readonly replace: boolean;
  readonly attributes: Attributes;
  readonly contentChanged: boolean;
  readonly hold: Hold;
}

export class WriteHandle implements FileHandle {
  readonly #context: VaultContext;
  readonly #opening: Opening;
  readonly #log: SegmentLog;
  readonly #reader: ContentReader;
  readonly #forget: () => void;
  readonly #unpin: () => void;
  readonly #hold: Hold;
  #fields: RecordFields | undefined;
  #view: PieceList;
  #edits = new Edits();
  #replace: boolean;
  #contentChanged: boolean;
  #attributes: Attributes;
  #publishedAt = Date.now();
  #closed = false;
  #closing: Promise<void> | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(context: VaultContext, opening: Opening) {
    this.#context = context;
    this.#opening = opening;
    this.#hold = context.writer.hold();
    this.#log = new SegmentLog(context);
    this.#reader = new ContentReader(context.segments);
    this.#fields = opening.fields;
    this.#view = opening.content;
    this.#replace = opening.replace;
    // A truncated, new or resumed file is published even when nothing more is written.
    this.#contentChanged = opening.replace || opening.fields?.listing.draftOnly === true;
    this.#attributes =
      opening.fields === undefined || opening.replace ? (opening.options.attributes ?? {}) : {};
    this.#unpin = context.pins.pin(opening.content);
    this.#forget =
      opening.fields === undefined
        ? context.openFiles.add(opening.directory.id, opening.name, this)
        : () => undefined;
  }

  async stat(): Promise<Entry> {
    const listing = withAttributes(this.#fields?.listing ?? freshListing('file'), this.#attributes);
    return describe(this.#opening.name, { ...listing, size: this.#view.size }, this.#opening.directory.id);
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      if (this.#opening.options.read !== true)
        throw new VaultError('invalid-argument', 'the file is not open for reading');
      checkRange(offset, length);
      await this.#flushRange(offset, length);
      return this.#reader.read(this.#view, offset, length);
    });
  }

  async readPieces(offset: number, length: number): Promise<Borrowed> {
    const bytes = await this.read(offset, length);
    return { pieces: bytes.length === 0 ? [] : [bytes], giveBack: () => undefined };
  }

  borrow(offset: number, length: number): Promise<Borrowed> {
    return this.readPieces(offset, length);
  }

  write(offset: number, data: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const append = this.#opening.options.append === true;
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + data.length > MAX_SIZE) {
        throw new VaultError('invalid-argument', 'a file offset is out of range');
      }
      for (let at = 0; at < data.length; at += STEP_BYTES) {
        const step = data.subarray(at, at + STEP_BYTES);
        if (!this.#log.prepared) await this.#log.prepare(step.length);
        let to = append ? this.#view.size : offset + at;
        const pieces = this.#log.append(step);
        if (!this.#replace) this.#edits.write(append ? 'end' : to, pieces);
        for (const piece of pieces) {
          this.#view.write(to, piece);
          to += piece.length;
        }
        await this.#log.room();
      }
      this.#contentChanged = true;
      if (!this.#replace && Date.now() - this.#publishedAt > PUBLISH_MS) await this.#publish();
    });
  }

  truncate(size: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!Number.isSafeInteger(size) || size < 0)
        throw new VaultError('invalid-argument', 'a file size is out of range');
      this.#view.truncate(size);
      if (!this.#replace) this.#edits.truncate(size);
      this.#contentChanged = true;
    });
  }

  setAttributes(attributes: Attributes): Promise<void> {
    return this.#inTurn(async () => {
      checkAttributes(attributes);
      if (this.#contentChanged || this.#fields === undefined) {
        this.#attributes = { ...this.#attributes, ...attributes };
        return;
      }
      const { directory, name, path } = this.#opening;
      const { revision } = await changeRecord(this.#context, directory, name, path, attributes);
      this.#fields = {
        ...this.#fields,
        listing: { ...withAttributes(this.#fields.listing, attributes), revision },
      };
    });
  }

  sync(): Promise<void> {
    return this.#inTurn(() => this.#publish());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing ??= this.#inTurn(() => this.#publish()).finally(() => this.#end());
    await this.#closing;
  }

  async abandon(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#inTurn(async () => {
        if (!this.#contentChanged || this.#view.size === 0) return;
        await this.#settle();
        await saveDraft(this.#context, this.#opening, this.#fields, this.#unsaved());
      });
    } catch {
      // Nobody is left to be told; the old version stands.
    } finally {
      this.#end();
    }
  }

  /** Forgets what was written. The old version stands, and no draft is kept. */
  async discard(): Promise<void> {
    if (!this.#closed) await this.#tail.catch(() => undefined);
    this.#end();
  }

  async #publish(): Promise<void> {
    if (!this.#contentChanged) return;
    await this.#settle();
    const published = await publish(this.#context, this.#opening, this.#fields, this.#unsaved());
    this.#fields = published.fields;
    this.#view = published.content;
    this.#edits = new Edits();
    this.#replace = false;
    this.#contentChanged = false;
    this.#attributes = {};
    this.#publishedAt = Date.now();
    this.#forget();
  }

  /** Brings everything written into the store, or into literals when it is short enough for the record. */
  async #settle(): Promise<void> {
    if (this.#log.pendingBytes > 0 && this.#log.pendingBytes <= INLINE_BYTES) {
      const inline = (piece: Piece): Piece => {
        const bytes = this.#log.peek(piece);
        return bytes === undefined ? piece : { kind: 'literal', bytes, length: bytes.length };
      };
      this.#view = PieceList.of(this.#view.pieces.map(inline));
      this.#edits.map(inline);
      this.#log.discard();
    }
    this.#log.cut();
    await this.#log.stored();
  }

  #unsaved(): Unsaved {
    return {
      view: this.#view,
      edits: this.#edits,
      replace: this.#replace,
      attributes: this.#attributes,
      contentChanged: this.#contentChanged,
      hold: this.#hold,
    };
  }

  /** A handle reads its own writes: what is not in the store yet is brought there first. */
  async #flushRange(offset: number, length: number): Promise<void> {
    for (const piece of this.#view.range(offset, length)) {
      if (piece.kind === 'data' && this.#log.isOpen(piece.segment)) {
        this.#log.cut();
        await this.#log.stored();
        return;
      }
    }
  }

  #end(): void {
    this.#closed = true;
    this.#log.discard();
    this.#forget();
    this.#unpin();
    this.#hold.release();
  }

  /** Calls on one handle take effect in the order in which they were made. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => {
      if (this.#closed) throw new VaultError('closed', 'the file is closed');
      return work();
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}
