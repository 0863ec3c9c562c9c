import { compareKeys, type Head, type Release, type SealedRecord } from '@latchkey/encryption';
import { VaultError } from '../errors.js';
import { HEAD_RELEASED } from '../limits.js';
import type { Directory } from './directory.js';
import { releaseBytes } from './next-head.js';
import { isTombstone, listingOf, type Row, recordBytes, tombstone } from './rows.js';
import { rowOf, type Tree } from './tree.js';

export interface Counters {
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
}

/** The directory that was to be changed has been removed: resolve the path again. */
export class DirectoryGone extends VaultError {
  constructor() {
    super('not-found', 'the directory has been removed');
  }
}

/** What one change does to a directory. Nothing of it counts until it is merged into its batch. */
export class Transaction {
  readonly directory: Directory;
  readonly head: Head;
  readonly #tree: Tree;
  readonly #parent: Transaction | undefined;
  readonly #edits = new Map<string, SealedRecord>();
  readonly #released: Release[] = [];
  #counters: Counters;
  #state: Head['state'];
  #linkId: Uint8Array;
  #escrow: Uint8Array;
  #touched = false;
  #editBytes = 0;

  constructor(directory: Directory, head: Head, parent?: Transaction) {
    this.directory = directory;
    this.head = head;
    this.#parent = parent;
    this.#tree = parent === undefined ? directory.tree(head) : parent.#tree;
    this.#counters = parent === undefined ? head.counters : parent.#counters;
    this.#state = parent === undefined ? head.state : parent.#state;
    this.#linkId = parent === undefined ? head.linkId : parent.#linkId;
    this.#escrow = parent === undefined ? head.escrow : parent.#escrow;
  }

  get counters(): Counters {
    return this.#counters;
  }
  get state(): Head['state'] {
    return this.#state;
  }
  get linkId(): Uint8Array {
    return this.#linkId;
  }
  get escrow(): Uint8Array {
    return this.#escrow;
  }
  get released(): readonly Release[] {
    return this.#released;
  }
  get edits(): ReadonlyMap<string, SealedRecord> {
    return this.#edits;
  }
  /** Bytes that the edits and release notes add to the head. */
  get editBytes(): number {
    return this.#editBytes;
  }
  get changed(): boolean {
    return this.#touched || this.#edits.size > 0 || this.#released.length > 0;
  }

  /** A transaction inside this one, for one change of a batch. */
  begin(): Transaction {
    return new Transaction(this.directory, this.head, this);
  }

  merge(child: Transaction): void {
    for (const [key, record] of child.#edits) this.#set(key, record);
    this.#note(child.#released);
    this.#counters = child.#counters;
    this.#state = child.#state;
    this.#linkId = child.#linkId;
    this.#escrow = child.#escrow;
    this.#touched ||= child.#touched;
  }

  async get(key: string): Promise<Row | undefined> {
    for (let at: Transaction | undefined = this; at !== undefined; at = at.#parent) {
      const edit = at.#edits.get(key);
      if (edit !== undefined) return isTombstone(edit) ? undefined : rowOf(edit);
    }
    return this.#tree.get(key);
  }

  /** Rows whose keys begin with `prefix`, in order, as this transaction leaves them. Nothing may be changed meanwhile. */
  async *below(prefix: string): AsyncGenerator<Row> {
    const edits = this.#editsBelow(prefix);
    let at = 0;
    const edited = function* (end?: string): Generator<Row> {
      for (; at < edits.length; at++) {
        const edit = edits[at] as SealedRecord;
        if (end !== undefined && compareKeys(edit.key, end) > 0) return;
        if (!isTombstone(edit)) yield rowOf(edit);
      }
    };
    for await (const rows of this.#tree.scan({ from: prefix }))
      for (const row of rows) {
        if (!row.key.startsWith(prefix)) {
          yield* edited();
          return;
        }
        yield* edited(row.key);
        if (edits[at - 1]?.key !== row.key) yield row;
      }
    yield* edited();
  }

  #editsBelow(prefix: string): SealedRecord[] {
    const found = new Map<string, SealedRecord>();
    if (this.#parent !== undefined)
      for (const edit of this.#parent.#editsBelow(prefix)) found.set(edit.key, edit);
    for (const [key, edit] of this.#edits) if (key.startsWith(prefix)) found.set(key, edit);
    return [...found.values()].sort((a, b) => compareKeys(a.key, b.key));
  }

  /** Throws `too-large` when the directory's files would together have more bytes than can be counted. */
  async put(record: SealedRecord): Promise<void> {
    this.#count(await this.get(record.key), -1);
    this.#count(record, 1);
    if (!Number.isSafeInteger(this.#counters.bytes))
      throw new VaultError('too-large', 'the files of one directory have more bytes than can be counted');
    this.#set(record.key, record);
  }

  async remove(key: string): Promise<void> {
    const old = await this.get(key);
    if (old === undefined) return;
    this.#count(old, -1);
    this.#set(key, tombstone(key));
  }

  /** Notes that nothing in this directory refers to these blobs any more. */
  release(blobs: readonly Uint8Array[], kind: Release['kind']): void {
    if (blobs.length === 0) return;
    this.#note([{ seconds: Math.floor(Date.now() / 1000), blobs: [...blobs], kind }]);
  }

  /** True when no name is left. */
  get empty(): boolean {
    return this.#counters.files === 0 && this.#counters.directories === 0;
  }

  die(): void {
    this.#state = 'dead';
    this.#touched = true;
  }

  relink(linkId: Uint8Array, escrow: Uint8Array): void {
    this.#linkId = linkId;
    this.#escrow = escrow;
    this.#touched = true;
  }

  /** Commits even without an edit: to make other swaps of this head fail, or to sweep release notes. */
  touch(): void {
    this.#touched = true;
  }

  #note(notes: readonly Release[]): void {
    this.#released.push(...notes);
    // What is over a head's share of notes spills into a blob.
    for (const note of notes)
      this.#editBytes += releaseBytes([{ ...note, blobs: note.blobs.slice(0, HEAD_RELEASED) }]);
  }

  #set(key: string, record: SealedRecord): void {
    this.#editBytes += recordBytes(record);
    this.#edits.set(key, record);
  }

  #count(row: { readonly listing: Uint8Array } | undefined, sign: 1 | -1): void {
    if (row === undefined) return;
    const fields = listingOf(row);
    const { files, directories, bytes } = this.#counters;
    this.#counters =
      fields.kind === 'directory'
        ? { files, directories: directories + sign, bytes }
        : { files: files + sign, directories, bytes: bytes + sign * fields.size };
  }
}
