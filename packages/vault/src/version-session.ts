import type { Keeping, Retention } from '@latchkey/encryption';
import type { ObjectEntry, ObjectReader, Precondition, PublishOptions } from './object-session.js';
import type { Entry, Path } from './session.js';

export type { Keeping, Retention } from '@latchkey/encryption';

/*
 * Older versions of files. A directory at the top of the vault says whether it keeps them, for all that is below it. Then
 * whatever replaces a file, through any protocol, leaves the old version behind, and whatever removes one leaves a marker.
 * Listings and paths know current versions only; these methods know the others.
 */

/** What the one version is called that was made while none were kept. */
export const NULL_VERSION_ID = 'null';

export interface VersionEntry extends ObjectEntry {
  /** Of its name it is unique: `null`, or 11 characters of 0-9 and a-v. */
  readonly versionId: string;
  /** No file, but the sign that it was removed. */
  readonly marker: boolean;
  /** The newest version of its name, which is the file, or a marker instead of it. */
  readonly latest: boolean;
  /** Where a listing has to go on to come behind it. */
  readonly place: string;
}

export interface VersionPage {
  /** Directories among them, which have no versions. */
  readonly entries: readonly (VersionEntry | ObjectEntry)[];
  /** Pass as `after` to go on; absent at the end. */
  readonly next?: string;
}

/** Where a listing of versions begins: at a key of a record, or behind a version. The newest of a name comes first. */
export interface VersionListOptions {
  readonly from?: string;
  readonly after?: string;
  /** At least 1. Default 1,000. */
  readonly limit?: number;
}

export interface RemoveVersionOptions extends Pick<PublishOptions, 'existing'> {
  readonly precondition?: Precondition;
  /** Retention in governance mode does not hold. */
  readonly overrideGovernance?: boolean;
}

/** What of a version can be changed. What is absent stays. */
export interface VersionChange {
  readonly tags?: ReadonlyMap<string, string>;
  /** `null` takes it away. */
  readonly retention?: Retention | null;
  readonly legalHold?: boolean;
}

/** What is known of a directory at the top, up to a second old. */
export interface BucketInfo {
  /** As in its entry. */
  readonly id: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly keeping?: Keeping;
}

export interface VersionSession {
  /** What is known of the directory of that name at the top. Undefined: there is none. Seldom asks the store. */
  bucket(name: string): Promise<BucketInfo | undefined>;
  /** What the directory of that name at the top keeps. Undefined: nothing, or there is no such directory. */
  keeping(bucket: string): Promise<Keeping | undefined>;
  /**
   * Makes a directory at the top that keeps this from the commit on that makes it. Throws `exists` for any entry of that name, and
   * `invalid-argument` for locks where not all versions are kept.
   */
  makeBucket(bucket: string, keeping: Keeping): Promise<Entry>;
  /**
   * Changes that in one commit. `change` may run several times; what it throws is told. Throws `not-found`, `read-only` where locks would
   * be turned off, which nobody can, and `invalid-argument` for locks where not all versions are kept. A default retention may be changed
   * and taken away: it is about versions to come.
   */
  setKeeping(bucket: string, change: (old: Keeping | undefined) => Keeping | undefined): Promise<void>;
  /** A page of a directory with all versions, in the order of names. The cost is that of a page wherever it begins. */
  list(path: Path, options?: VersionListOptions): Promise<VersionPage>;
  /** One version, or without `id` the newest, which may be a marker. Throws `not-found`. */
  stat(path: Path, id?: string): Promise<VersionEntry>;
  /** Opens a version. Throws `not-found`; a marker cannot be opened. */
  open(path: Path, id: string): Promise<ObjectReader>;
  /**
   * Destroys one version; the newest that is left takes its place if it was the current one. Directories go as with
   * `removeObject`. Throws `not-found`, and `read-only` for one that is locked.
   */
  remove(path: Path, id: string, options?: RemoveVersionOptions): Promise<VersionEntry>;
  /**
   * Changes what is said about a version, of the current one without `id`. `change` may run several times; what it throws is
   * told. Throws `not-found`, `invalid-argument` for a marker, and `read-only` where a retention would be weakened.
   */
  change(
    path: Path,
    id: string | undefined,
    change: (current: VersionEntry) => VersionChange,
    options?: Pick<RemoveVersionOptions, 'overrideGovernance'>,
  ): Promise<VersionEntry>;
}
