import { VaultError } from '../errors.js';
import type { Entry, Path, VaultSession } from '../session.js';

/**
 * Symlinks on the way to an entry and at its end, followed for protocols whose paths mean what POSIX's mean. They lead
 * inside the vault only. Everything here asks no more of a session than {@link VaultSession} has.
 */

/** Symlinks followed on the way to one entry, as on Linux. */
const MAX_LINKS = 40;

function notFound(): VaultError {
  return new VaultError('not-found', 'the symlink leads nowhere');
}

/** Where a link in `directory` leads. Throws `not-found` for a target above the vault's root. */
function targetPath(target: string, directory: Path): Path {
  const names: string[] = target.startsWith('/') ? [] : [...directory];
  for (const name of target.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.pop() === undefined) throw notFound();
  }
  return names;
}

async function entryIfPresent(session: VaultSession, path: Path): Promise<Entry | undefined> {
  try {
    return await session.stat(path);
  } catch (error) {
    if (error instanceof VaultError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/**
 * The path without symlinks on the way and, with `last`, none at its end. What does not exist is left as it is, so
 * that a file can be made through a link. Throws `not-found` for a link to above the root or a chain of over 40.
 */
export async function resolveLinks(session: VaultSession, path: Path, last: boolean): Promise<Path> {
  let resolved: Path = [];
  let remaining: Path = path;
  let links = 0;
  while (remaining.length > 0) {
    const [name, ...rest] = remaining;
    const candidate = [...resolved, name ?? ''];
    if (rest.length === 0 && !last) return candidate;
    const entry = await entryIfPresent(session, candidate);
    if (entry === undefined) return [...candidate, ...rest];
    if (entry.kind === 'symlink') {
      links += 1;
      if (links > MAX_LINKS) throw notFound();
      remaining = [...targetPath(await session.readlink(candidate), resolved), ...rest];
      resolved = [];
    } else {
      resolved = candidate;
      remaining = rest;
    }
  }
  return resolved;
}

/** What a session may say about a path that has a symlink where it wants something else. */
const MAYBE_LINK: ReadonlySet<string> = new Set([
  'not-a-directory',
  'is-a-directory',
  'invalid-argument',
  'unsupported',
]);

/**
 * Does `attempt` at the path as given and, only if that fails in a way that a symlink explains, where the links lead.
 * Paths without links, nearly all, cost nothing extra. `last`: follow a link at the end of the path too.
 */
export async function throughLinks<T>(
  session: VaultSession,
  path: Path,
  last: boolean,
  attempt: (path: Path) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(path);
  } catch (error) {
    if (!(error instanceof VaultError) || !MAYBE_LINK.has(error.code)) throw error;
    const resolved = await resolveLinks(session, path, last);
    if (resolved.length === path.length && resolved.every((name, index) => name === path[index])) throw error;
    return attempt(resolved);
  }
}

/** The entry at the end of all links. */
export async function statThroughLinks(session: VaultSession, path: Path): Promise<Entry> {
  const entry = await throughLinks(session, path, false, (at) => session.stat(at));
  return entry.kind === 'symlink' ? session.stat(await resolveLinks(session, path, true)) : entry;
}
