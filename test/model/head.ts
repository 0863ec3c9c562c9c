import type { Rules } from './rules.js';
import { withKey, withoutKey } from './world.js';

export interface FileRecord {
  readonly kind: 'file';
  readonly segments: readonly string[];
  /** Another record may refer to these segments: only gc deletes them. Never taken back. */
  readonly shared: boolean;
  /** A move to another directory is under way. */
  readonly mark?: MoveMark;
}

export interface MoveMark {
  readonly operation: string;
  /** The uid of the target directory. */
  readonly target: string;
  /** The newest operation of the target's head when the move began: while it is listed, nothing was forgotten since. */
  readonly newest: string | null;
}

export interface DirectoryRecord {
  readonly kind: 'directory';
  readonly uid: string;
  readonly link: string;
}

export type Entry = FileRecord | DirectoryRecord;

/** What a commit dropped, and when. */
export interface ReleaseNote {
  readonly at: number;
  readonly blobs: readonly string[];
}

export interface Head {
  /** 0: nothing was ever committed after the head was made. */
  readonly revision: number;
  readonly state: 'live' | 'dead';
  readonly link: string;
  /** Files by name, directories by name and '/'. */
  readonly entries: Readonly<Record<string, Entry>>;
  /** Oldest first. */
  readonly operations: readonly string[];
  readonly notes: readonly ReleaseNote[];
}

export interface Lease {
  readonly renewedAt: number;
  readonly ended: boolean;
}

/** One directory on its way to another parent. */
export interface MovePlan {
  readonly operation: string;
  readonly uid: string;
  readonly oldLink: string;
  readonly newLink: string;
  readonly source: string;
  readonly sourceKey: string;
  readonly targetKey: string;
}

export interface Moves {
  readonly plan: MovePlan | null;
  /** Directories of earlier movers whose late relink has not been made impossible yet. */
  readonly unfenced: readonly string[];
}

export const ROOT = { uid: 'root', link: 'root' } as const;
export const MOVES_KEY = 'm';
export const headKey = (uid: string): string => `h/${uid}`;
export const leaseKey = (session: string): string => `w/${session}`;

export function emptyHead(link: string): Head {
  return { revision: 0, state: 'live', link, entries: {}, operations: [], notes: [] };
}

/** The next revision of a head, with the operation that made it. */
export function next(head: Head, operation: string, window: number, change: Partial<Head>): Head {
  const operations = [...head.operations, operation].slice(-window);
  return { ...head, ...change, revision: head.revision + 1, operations };
}

export const setEntry = withKey<Entry>;
export const dropEntry = withoutKey<Entry>;

/** The notes of a head after `old` was dropped or replaced by something that does not hold its segments. */
export function noteDropped(head: Head, old: Entry | undefined, now: number): readonly ReleaseNote[] {
  return old?.kind === 'file' ? [...head.notes, { at: now, blobs: old.segments }] : head.notes;
}

/** A record without its mark: whoever changes a record that is being moved keeps it where it is. */
export function unmarked(record: FileRecord, rules: Rules): FileRecord {
  if (!rules.changesDropMark) return record;
  const { mark: _mark, ...rest } = record;
  return rest;
}

/**
 * Whether the absence of an operation from `head` proves that it was not applied after the moment when `newest` was
 * the last operation listed.
 */
export function listReachesBack(head: Head, newest: string | null, window: number): boolean {
  return newest === null ? head.operations.length < window : head.operations.includes(newest);
}
