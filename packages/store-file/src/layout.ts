import { join, sep } from 'node:path';
import type { StoreKey } from '@latchkey/store';

/*
 * <root>/latchkey-store                          says that this is a store, and of which layout
 * <root>/blobs/<key>                             one file per blob
 * <root>/registers/<parents>/<2>@/<name>/@<n>    a directory per register, a file per generation
 * <root>/tmp/                                    files being written; nothing else ever is half-written
 * <root>/reserve                                 ballast that is dropped when the disk is full
 *
 * `@` is not in the alphabet of keys, so neither shards nor generations can be mistaken for a part of a key.
 */

export const MARKER_NAME = 'latchkey-store';
export const MARKER_TEXT = 'latchkey file store, layout 1\n';

/** Suffix of a directory that spreads registers by the first characters of their name. */
export const SHARD_SUFFIX = '@';
const SHARD_LENGTH = 2;

/** Where things lie below a root. Only computes paths. */
export class Layout {
  readonly root: string;
  readonly marker: string;
  readonly blobs: string;
  readonly registers: string;
  readonly temporary: string;
  readonly reserve: string;

  constructor(root: string) {
    this.root = root;
    this.marker = join(root, MARKER_NAME);
    this.blobs = join(root, 'blobs');
    this.registers = join(root, 'registers');
    this.temporary = join(root, 'tmp');
    this.reserve = join(root, 'reserve');
  }

  /** The names that a root may hold before its marker is written: an interrupted creation. */
  static readonly OWN_NAMES: readonly string[] = [MARKER_NAME, 'blobs', 'registers', 'tmp', 'reserve'];

  /** The file of a blob. */
  blob(key: StoreKey): string {
    return this.blobs + sep + (sep === '/' ? key : key.replaceAll('/', sep));
  }

  /** The directory of a register. Keys of one component (`m`, `vault`) are few and not sharded. */
  register(key: StoreKey): string {
    const at = key.lastIndexOf('/') + 1;
    const shard = at === 0 ? '' : key.slice(at, at + SHARD_LENGTH) + SHARD_SUFFIX + sep;
    const parents = sep === '/' ? key.slice(0, at) : key.slice(0, at).replaceAll('/', sep);
    return this.registers + sep + parents + shard + key.slice(at);
  }
}
