import type { Attributes, Borrowed, Entry, Path, VaultSession } from './session.js';
import type { Retention, VersionSession } from './version-session.js';

/**
 * What an object protocol (S3) needs of a session beyond {@link VaultSession}: what is known about the content of a
 * file, listings that begin anywhere, publication under a condition, and files composed of stretches of others.
 *
 * Directories are *explicit* when somebody made them and *implied* when they only hold what is in them. Implied ones
 * are made by the writes here and go with the last file that {@link ObjectSession.removeObject} takes out.
 *
 * Here a file and a directory may have one name, and names may be empty, because S3 has `a` beside `a/b`, and `a//b`.
 * {@link VaultSession} shows the directory alone, and nothing whose name is empty (docs/adr/0602).
 */

/**
 * Where uploads in parts are kept until they are complete: a directory of the root that no listing shows. Its
 * name can be used like any other.
 */
export const STAGING = '.latchkey-uploads';

/** What is said about a file's content. It goes when the content is replaced or written to. */
export interface ContentProperties {
  /** At most 255 bytes. */
  readonly contentType?: string;
  /** At most 255 bytes. */
  readonly etag?: string;
  /** At most 16, by names of at most 32 bytes; each of at most 64 bytes. The caller's claim: the vault checks nothing. */
  readonly digests?: ReadonlyMap<string, Uint8Array>;
  /** Bytes of each part of an upload in parts. The record has room for about 500. */
  readonly partSizes?: readonly number[];
}

/** Bytes that a protocol keeps with a file's content, as an entry names them. They go when the content does. */
export interface Appendix {
  /** Bytes. */
  readonly size: number;
}

/** What a write says. */
export interface NewProperties extends ContentProperties {
  /** At most 4 MiB, which no other protocol sees. The record has room for a short one; else it is a segment of its own. */
  readonly appendix?: Uint8Array;
}

export interface ObjectEntry extends Entry, ContentProperties {
  readonly appendix?: Appendix;
  readonly tags: ReadonlyMap<string, string>;
  /** Of a directory: it stands on its own. False for files. */
  readonly explicit: boolean;
  /** What this version is called; absent for one that was made while none were kept. */
  readonly versionId?: string;
  /** The revision that the content was written under, when it is known; attributes may have been changed since. */
  readonly written?: number;
  readonly retention?: Retention;
  readonly legalHold?: boolean;
}

export interface ObjectAttributes extends Attributes {
  readonly tags?: ReadonlyMap<string, string>;
  /** Of what is written: until when nobody may destroy it. Instead of what the directory at the top says. */
  readonly retention?: Retention;
  readonly legalHold?: boolean;
}

export interface ObjectPage {
  readonly entries: readonly ObjectEntry[];
  /** Pass as `after` to go on; absent at the end. */
  readonly next?: string;
}

export interface ObjectListOptions {
  /** Begin at this key of a record or the first behind it. A directory's key is its name and `/`. */
  readonly from?: string;
  /** Begin behind this key. Either this or `from`. */
  readonly after?: string;
  /** At least 1. Default 1,000. */
  readonly limit?: number;
}

/**
 * Looks at the published file that is about to be replaced or removed (`undefined`: none) and throws to leave
 * everything as it is. It runs in the commit itself, perhaps several times, and must have no effects.
 * What it throws reaches the caller unchanged.
 */
export type Precondition = (current: ObjectEntry | undefined) => void;

export interface PublishOptions {
  readonly attributes?: ObjectAttributes;
  readonly precondition?: Precondition;
  /**
   * Makes missing parents, implied, but for the first so many names of the path, which must exist. Absent: all must.
   */
  readonly existing?: number;
}

export interface WriteObjectOptions extends PublishOptions {
  /** Asked when the source has ended, with its bytes counted. What it throws reaches the caller; nothing is changed. */
  readonly describe?: (size: number) => NewProperties | Promise<NewProperties>;
  /** Other files will be composed of this one: spares {@link ObjectSession.composeObject} a commit for it. */
  readonly shared?: boolean;
}

/** A stretch of a file, in bytes. Without bounds all of it. */
export interface Stretch {
  readonly path: Path;
  /** An older version instead of the current one. */
  readonly version?: string;
  readonly offset?: number;
  readonly length?: number;
}

export interface Composition {
  /** The appendix may be that of a source, which is shared then. */
  readonly properties: ContentProperties & { readonly appendix?: Uint8Array | Appendix };
  readonly attributes: ObjectAttributes;
}

export interface ComposeOptions extends PublishOptions {
  /** Told what the sources are, in their order. What it throws reaches the caller; nothing is changed. */
  readonly describe: (sources: readonly ObjectEntry[]) => Composition | Promise<Composition>;
}

/** One version of a file, open for reading. */
export interface ObjectReader {
  readonly entry: ObjectEntry;
  /** Pieces that must not be changed. Default: all of it. */
  stream(offset?: number, length?: number): AsyncIterable<Uint8Array>;
  /** The same in memory that is used again when it is given back, for those who read much and know when they are done. */
  lend(offset?: number, length?: number): AsyncIterable<Borrowed>;
  /** Harmless twice. */
  close(): Promise<void>;
}

/** What has become of a file that was removed. */
export interface Removal {
  /** The version that says so, where older ones are kept. */
  readonly marker?: string;
}

export interface ObjectSession extends VaultSession {
  /** Older versions, and what is kept of them. */
  readonly versions: VersionSession;
  /**
   * The entry of what is published at `path`; of a directory and a file of one name the `first` (default: the directory).
   * Throws `not-found` for a draft, too.
   */
  statObject(path: Path, first?: 'directory' | 'file'): Promise<ObjectEntry>;
  /**
   * Changes attributes and tags of what is published at `path`, with a look at those that stand, in one commit; content
   * and what is said about it stay. `change` may run several times; what it throws reaches the caller, nothing is changed.
   */
  changeObject(
    path: Path,
    change: (current: ObjectEntry) => ObjectAttributes,
    first?: 'directory' | 'file',
  ): Promise<ObjectEntry>;
  /** Opens the published version of a file. Throws as {@link VaultSession.open} does. */
  openObject(path: Path): Promise<ObjectReader>;
  /**
   * The appendix of an entry, or a stretch of it in bytes, which ends with it. Throws `stale` when the file has been
   * replaced since and the bytes are gone.
   */
  readAppendix(appendix: Appendix, offset?: number, length?: number): Promise<Uint8Array>;
  /** A page of a directory in the order of keys, from any key on. The cost is that of a page wherever it begins. */
  listObjects(path: Path, options?: ObjectListOptions): Promise<ObjectPage>;
  /** Replaces or makes a file from a stream in one commit. When it rejects, the old version stands. */
  writeObject(
    path: Path,
    source: Uint8Array | AsyncIterable<Uint8Array>,
    options?: WriteObjectOptions,
  ): Promise<ObjectEntry>;
  /**
   * Replaces or makes a file out of stretches of others, one after the other, in one commit. Segments are shared and no
   * content is moved. Each source is taken as it is at some moment of the call.
   */
  composeObject(sources: readonly Stretch[], to: Path, options: ComposeOptions): Promise<ObjectEntry>;
  /**
   * Removes a file, and then the implied directories above it that it leaves empty, but for the first `existing` names
   * of the path (default: all). Throws `not-found`. Where versions are kept, only a marker is put in its place.
   */
  removeObject(path: Path, options?: Pick<PublishOptions, 'precondition' | 'existing'>): Promise<Removal>;
  /**
   * Makes a directory, or makes the one that is there explicit. Attributes are set in both cases. A precondition looks at
   * the directory, if it is explicit.
   */
  makeMarker(path: Path, options?: PublishOptions): Promise<ObjectEntry>;
  /** Makes a directory implied, and removes it when it is empty, as {@link removeObject} does with parents. */
  removeMarker(path: Path, options?: Pick<PublishOptions, 'existing' | 'precondition'>): Promise<void>;
}
