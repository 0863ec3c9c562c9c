import { type Entry, type Path, VaultError, type VaultSession } from '@latchkey/vault';
import { splitPath } from '../paths.js';

/** Symlinks followed on the way to one entry, as on Linux. */
const MAX_LINKS = 40;

function notFound(): VaultError {
  return new VaultError('not-found', 'the symlink leads nowhere');
}

/** Where a link in `directory` leads. Throws `not-found` for a target above the vault's root. */
function targetPath(target: string, directory: Path): Path {
  let depth = target.startsWith('/') ? 0 : directory.length;
  for (const name of target.split('/')) {
    if (name === '' || name === '.') continue;
    depth += name === '..' ? -1 : 1;
    if (depth < 0) throw notFound();
  }
  return splitPath(target, directory);
}

/**
 * The path without symlinks on the way and, with `last`, none at its end. What does not exist is left as it is, so
 * that a file can be made through a link. Throws `not-found` for a link to above the root or a chain of over 40.
 */
export async function resolveLinks(vault: VaultSession, path: Path, last: boolean): Promise<Path> {
  let resolved: Path = [];
  let remaining: Path = path;
  let links = 0;
  while (remaining.length > 0) {
    const [name, ...rest] = remaining;
    const candidate = [...resolved, name ?? ''];
    if (rest.length === 0 && !last) return candidate;
    const entry = await entryIfPresent(vault, candidate);
    if (entry === undefined) return [...candidate, ...rest];
    if (entry.kind === 'symlink') {
      links += 1;
      if (links > MAX_LINKS) throw notFound();
      remaining = [...targetPath(await vault.readlink(candidate), resolved), ...rest];
      resolved = [];
    } else {
      resolved = candidate;
      remaining = rest;
    }
  }
  return resolved;
}

async function entryIfPresent(vault: VaultSession, path: Path): Promise<Entry | undefined> {
  try {
    return await vault.stat(path);
  } catch (error) {
    if (error instanceof VaultError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** What a vault may say about a path that has a symlink where it wants something else. */
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
  vault: VaultSession,
  path: Path,
  last: boolean,
  attempt: (path: Path) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(path);
  } catch (error) {
    if (!(error instanceof VaultError) || !MAYBE_LINK.has(error.code)) throw error;
    const resolved = await resolveLinks(vault, path, last);
    if (resolved.length === path.length && resolved.every((name, index) => name === path[index])) throw error;
    return attempt(resolved);
  }
}

/** The entry at the end of all links. */
export async function statThroughLinks(vault: VaultSession, path: Path): Promise<Entry> {
  const entry = await throughLinks(vault, path, false, (at) => vault.stat(at));
  return entry.kind === 'symlink' ? vault.stat(await resolveLinks(vault, path, true)) : entry;
}
