import type { ObjectEntry, Path, Timestamp } from '@latchkey/vault';

/** One thing that a walk over a source found, on this computer or in the vault. */
export interface Found {
  /** Not copied: `special`, a device, socket or pipe; `unfinished`, an upload that was never completed. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'special' | 'unfinished';
  /** Names from the source's root; empty for the root itself. */
  readonly below: readonly string[];
  /** What a person would call it. */
  readonly label: string;
  /** Bytes, as of the walk. */
  readonly size: number;
  readonly modified: Timestamp;
  readonly mode: number;
  /** Set when it is in the vault: a target in the same vault copies it without moving bytes. */
  readonly vaultPath?: Path;
  /** Set when it is an object that S3 alone sees, and that no path of a file system leads to. */
  readonly object?: ObjectEntry;
  /** The bytes of a file. */
  content(): AsyncIterable<Uint8Array>;
  /** Where a symlink points. */
  linkTarget(): Promise<string>;
}

/** What a walk yields: a thing, or a failure to look at one, which must not stop the rest. */
export type Step = { readonly found: Found } | { readonly label: string; readonly error: unknown };

/** Where a copy goes. `below` is relative to the target's root and may differ from the source's. */
export interface Target {
  /** Makes a directory, or accepts the one that is there. Resolves before anything below it is asked for. */
  directory(below: readonly string[], found: Found): Promise<void>;
  /** Makes or replaces a file when, and only when, its content is complete. */
  file(below: readonly string[], found: Found, content: AsyncIterable<Uint8Array>): Promise<void>;
  symlink(below: readonly string[], found: Found): Promise<void>;
  /** Copies an object that S3 alone sees. Absent where there is no place for one. */
  object?(below: readonly string[], found: Found, object: ObjectEntry): Promise<void>;
  /** Everything below has arrived: times and modes of directories can be set. */
  finish(): Promise<void>;
}
