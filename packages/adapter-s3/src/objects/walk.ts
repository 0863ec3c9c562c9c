import type { ObjectEntry, ObjectPage, ObjectSession, Path } from '@latchkey/vault';
import { isVaultError } from '../errors.js';

/*
 * The objects of a bucket in the order of their keys' bytes. The vault keeps names in just that order, a directory as its
 * name and a slash, so going down into each directory where it stands gives it, at the cost of a page per level.
 */

/** A file, or a directory, whose key ends with a slash, before what is in it. */
export interface Walked {
  readonly key: string;
  readonly entry: ObjectEntry;
  /** Of a directory: there are versions of its key, which are newer. */
  readonly older?: boolean;
}

type PageOptions = { readonly from?: string; readonly after?: string; readonly limit: number };
type List = (path: Path, options: PageOptions) => Promise<ObjectPage>;

interface Reading {
  readonly list: List;
  /** How many entries to read at once, `most` if so many are wanted. */
  readonly room: (most: number) => number;
}

/** Of a directory that may hold others: what is behind them on its page would be for nothing. */
const FIRST_PAGE = 64;
const LARGEST_PAGE = 1000;
const SMALLEST_PAGE = 8;

export interface WalkOptions {
  /** All versions instead of the current ones. */
  readonly versions?: boolean;
  /** How many more will be asked for, as far as can be told: no more is read than that. Default: everything. */
  readonly wanted?: () => number;
}

/** Everything at or behind the key `from`. Answer a directory with `'skip'` to pass over what is in it. */
export async function* walk(
  session: ObjectSession,
  bucket: string,
  from: string,
  { versions = false, wanted = () => LARGEST_PAGE }: WalkOptions = {},
): AsyncGenerator<Walked, void, 'skip' | undefined> {
  const list: List = versions
    ? (path, options) => session.versions.list(path, options)
    : (path, options) => session.listObjects(path, options);
  const room = (most: number): number => Math.max(SMALLEST_PAGE, Math.min(most, wanted()));
  yield* level({ list, room }, [bucket], '', from);
}

async function* level(
  reading: Reading,
  path: Path,
  prefix: string,
  from: string,
): AsyncGenerator<Walked, void, 'skip' | undefined> {
  const slash = from.indexOf('/');
  const start = slash < 0 ? from : from.slice(0, slash + 1);
  const { list, room } = reading;
  let page = await pageOf(list, path, { from: start, limit: room(FIRST_PAGE) });
  for (;;) {
    for (const entry of page.entries) {
      if (entry.kind === 'symlink' || entry.draft) continue;
      if (entry.kind === 'file') {
        yield { key: prefix + entry.name, entry };
        continue;
      }
      const name = `${entry.name}/`;
      const within = name === start ? from.slice(name.length) : '';
      // Behind the directory's own key when the walk begins inside it.
      const answer = within === '' ? yield { key: prefix + name, entry } : undefined;
      if (answer !== 'skip') yield* level(reading, [...path, entry.name], prefix + name, within);
    }
    if (page.next === undefined) return;
    page = await pageOf(list, path, { after: page.next, limit: room(LARGEST_PAGE) });
  }
}

/** A directory that is removed meanwhile is an empty one. */
async function pageOf(list: List, path: Path, options: PageOptions): Promise<ObjectPage> {
  try {
    return await list(path, options);
  } catch (error) {
    if (isVaultError(error, 'not-found', 'not-a-directory')) return { entries: [] };
    throw error;
  }
}

/** The lowest key behind every key that begins with `prefix`; undefined when there can be none. */
export function behindPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.length > 0) {
    const last = points.pop() as number;
    if (last === 0x10ffff) continue;
    // Surrogates are no characters and have no place in the order.
    points.push(last === 0xd7ff ? 0xe000 : last + 1);
    return String.fromCodePoint(...points);
  }
  return undefined;
}

/** The lowest string behind all versions of `key`. */
export function behindVersions(key: string): string {
  return `${key}\u0001`;
}

/** The lowest string behind `key`. No key has a NUL. */
export function behindKey(key: string): string {
  return `${key}\0`;
}
