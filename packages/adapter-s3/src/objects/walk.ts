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

const FIRST_PAGE = 64;
const LARGEST_PAGE = 1000;

/**
 * Everything at or behind the key `from`, current or with all `versions`. Answer a directory with `'skip'` to pass over what is in it.
 */
export async function* walk(
  session: ObjectSession,
  bucket: string,
  from: string,
  versions = false,
): AsyncGenerator<Walked, void, 'skip' | undefined> {
  const list: List = versions
    ? (path, options) => session.versions.list(path, options)
    : (path, options) => session.listObjects(path, options);
  yield* level(list, [bucket], '', from);
}

async function* level(
  list: List,
  path: Path,
  prefix: string,
  from: string,
): AsyncGenerator<Walked, void, 'skip' | undefined> {
  const slash = from.indexOf('/');
  const start = slash < 0 ? from : from.slice(0, slash + 1);
  let limit = FIRST_PAGE;
  let page = await pageOf(list, path, { from: start, limit });
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
      if (answer !== 'skip') yield* level(list, [...path, entry.name], prefix + name, within);
    }
    if (page.next === undefined) return;
    limit = Math.min(limit * 2, LARGEST_PAGE);
    page = await pageOf(list, path, { after: page.next, limit });
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
