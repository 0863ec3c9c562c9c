/**
 * What an adapter, the CLI or a third-party program sees of a vault: what one authenticated user may do.
 * The methods mean the same through every protocol.
 *
 * What object protocols need beyond this is in object-session.ts.
 *
 * A path is a list of names from the root (`[]` is the root). Names are well-formed Unicode strings of at most
 * 1,024 UTF-8 bytes without `/` and NUL, and not empty. Every method rejects with a `VaultError` (docs/errors.md).
 */

export type Path = readonly string[];

export type EntryKind = 'file' | 'directory' | 'symlink';

/** A point in time with nanoseconds, as file systems keep it. */
export interface Timestamp {
  /** Whole seconds since 1970, negative before. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  /** Bytes of content; 0 for a directory; the byte length of a symlink's target. */
  readonly size: number;
  readonly modified: Timestamp;
  readonly created: Timestamp;
  /** POSIX permission bits, 0 to 0o7777. Kept for the owner's tools; they grant nothing. */
  readonly mode: number;
  /** User metadata. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Changes whenever the record changes; equal for equal content and attributes of one name. */
  readonly revision: number;
  /** Stable as long as the entry lives under its directory. For a directory it survives moves. Hexadecimal. */
  readonly id: string;
  /** Nothing has been published under this name yet: an interrupted upload that can be resumed. */
  readonly draft: boolean;
}

export interface Attributes {
  readonly modified?: Timestamp;
  /** Of an entry that is there already; what is made is of the moment in which it is made. */
  readonly created?: Timestamp;
  readonly mode?: number;
  /** Replaces all user metadata. */
  readonly metadata?: ReadonlyMap<string, string>;
}

export interface ListPage {
  readonly entries: readonly Entry[];
  /** Pass as `after` to go on; absent at the end. */
  readonly next?: string;
}

export interface OpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  /** Make the file when there is none. */
  readonly create?: boolean;
  /** With `create`: fail with `exists` when there is one. Takes effect at once. */
  readonly exclusive?: boolean;
  /** Start from nothing; the old content stands until the handle publishes. */
  readonly truncate?: boolean;
  /** Every write goes to the end of the newest version. */
  readonly append?: boolean;
  /** Attributes of a file that is made or truncated. */
  readonly attributes?: Attributes;
}

/** Bytes of a file, authenticated, and not to be changed. */
export interface Borrowed {
  readonly pieces: readonly Uint8Array[];
  /** To be called once, when nothing reads `pieces` any more; if it is not, the memory is collected as any other. */
  giveBack(): void;
}

/** An open file. Reads see the version that was newest at the opening, and the handle's own writes. */
export interface FileHandle {
  /** The entry as this handle sees it, its own unpublished writes included. */
  stat(): Promise<Entry>;
  /** Up to `length` bytes from `offset`; fewer only at the end, none beyond it. Authenticated before it returns. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** What {@link read} gives, uncopied: the pieces may be parts of a cache. */
  readPieces(offset: number, length: number): Promise<Borrowed>;
  /**
   * The same past the cache and without reading ahead, for those who read much in order and ask for the next before they
   * are done with this. It may end before `length` bytes, but has at least one unless the file ends at `offset`.
   */
  borrow(offset: number, length: number): Promise<Borrowed>;
  /**
   * Writes at an offset (ignored when appending). Resolves when the handle has room for more, which is the caller's
   * backpressure; `data` is not kept after that. Nothing is visible to others before {@link sync} or {@link close}.
   */
  write(offset: number, data: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  setAttributes(attributes: Attributes): Promise<void>;
  /** Publishes what was written so far, atomically. */
  sync(): Promise<void>;
  /** Publishes and closes. When it rejects, the old version stands. Closing twice is harmless. */
  close(): Promise<void>;
  /**
   * The client is gone without closing: publish nothing, but keep what was written as a draft that a later
   * non-truncating open resumes while nothing is published under the name. A draft cannot be opened for reading alone.
   * Never rejects.
   */
  abandon(): Promise<void>;
}

export interface RemoveOptions {
  /** Directories too, with everything in them, in one step. */
  readonly recursive?: boolean;
}

export interface RenameOptions {
  /** Replace an existing file or symlink, or an empty directory by a directory. Default false: fail with `exists`. */
  readonly replace?: boolean;
}

export interface CopyOptions extends RenameOptions {
  readonly attributes?: Attributes;
}

export interface WriteOptions {
  readonly attributes?: Attributes;
  /** Fail with `exists` rather than replace. */
  readonly exclusive?: boolean;
  /** Make missing parent directories. */
  readonly parents?: boolean;
}

export type DigestName = 'md5' | 'sha1' | 'sha256' | 'crc32';

export interface SpaceUsage {
  /** Bytes; absent when the store cannot tell. */
  readonly total?: number;
  readonly available?: number;
}

export interface VaultSession {
  /** The entry at `path`; a symlink itself, not its target. Throws `not-found`, `not-a-directory`. */
  stat(path: Path): Promise<Entry>;
  /** One page of a directory, by the byte order of names (a directory sorts as its name and `/`). */
  list(path: Path, options?: { after?: string; limit?: number }): Promise<ListPage>;
  /** Every entry of a directory, page by page. */
  entries(path: Path): AsyncIterable<Entry>;

  open(path: Path, options: OpenOptions): Promise<FileHandle>;
  /** Streams `range` (default: all) of one version of a file, in pieces that must not be changed. */
  read(path: Path, range?: { offset?: number; length?: number }): AsyncIterable<Uint8Array>;
  /** Replaces or makes a file from a stream, atomically. When the source throws, the old version stands. */
  write(path: Path, source: Uint8Array | AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<Entry>;
  /** Digest of a file's content, hexadecimal in lower case. Cached by version. */
  digest(path: Path, algorithm: DigestName): Promise<string>;

  /** Throws `exists` for any entry of that name, unless `recursive`, which also makes missing parents. */
  mkdir(path: Path, options?: { recursive?: boolean; attributes?: Attributes }): Promise<Entry>;
  symlink(target: string, path: Path): Promise<Entry>;
  readlink(path: Path): Promise<string>;
  setAttributes(path: Path, attributes: Attributes): Promise<Entry>;
  /** Moves one record: the cost does not depend on what it holds. */
  rename(from: Path, to: Path, options?: RenameOptions): Promise<void>;
  /** Copies a file or symlink by sharing its segments: no content is moved. */
  copy(from: Path, to: Path, options?: CopyOptions): Promise<Entry>;
  /** Removes a file or symlink, or a directory with `recursive`. */
  remove(path: Path, options?: RemoveOptions): Promise<void>;
  /** Removes an empty directory. Throws `not-empty`, `not-a-directory`. */
  rmdir(path: Path): Promise<void>;

  space(): Promise<SpaceUsage>;
}
