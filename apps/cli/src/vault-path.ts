import type { Path } from '@latchkey/vault';
import { Failure } from './failure.js';

/**
 * How places are written on the command line: `vault:/photos/x.jpg` is in the vault, `-` is standard input or output,
 * and everything else is on this computer. A local file whose name begins with `vault:` is written `./vault:...`.
 */
export type Place =
  | { readonly where: 'vault'; readonly path: Path; readonly asDirectory: boolean; readonly text: string }
  | { readonly where: 'local'; readonly path: string; readonly asDirectory: boolean; readonly text: string }
  | { readonly where: 'stream'; readonly text: string };

export const VAULT_PREFIX = 'vault:';

export function parsePlace(text: string): Place {
  if (text === '-') return { where: 'stream', text };
  if (text.startsWith(VAULT_PREFIX)) {
    const rest = text.slice(VAULT_PREFIX.length);
    return { where: 'vault', path: parseNames(rest, text), asDirectory: rest.endsWith('/'), text };
  }
  if (text === '') throw new Failure('usage', 'a path is empty');
  return { where: 'local', path: text, asDirectory: text.endsWith('/'), text };
}

/** A path for commands that work inside the vault only. */
export function parseVaultPath(text: string): Path {
  const place = parsePlace(text);
  if (place.where === 'vault') return place.path;
  const suggestion = `${VAULT_PREFIX}/${text.replace(/^(\.?\/+)+/, '')}`;
  throw new Failure('usage', `${text} is not in the vault`, { hint: `write ${suggestion}` });
}

function parseNames(rest: string, text: string): Path {
  const names = rest.split('/').filter((name) => name !== '');
  for (const name of names) {
    // Never resolved: what `..` means would depend on symlinks, and a surprise here can delete the wrong tree.
    if (name === '.' || name === '..') {
      throw new Failure('usage', `${text}: write vault paths without "." and ".."`);
    }
  }
  return names;
}

/** How a vault path is shown to a person (see {@link printable}) and written in commands. */
export function showPath(path: Path): string {
  return `${VAULT_PREFIX}/${path.join('/')}`;
}

export function baseName(path: Path): string | undefined {
  return path.at(-1);
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return ancestor.length <= path.length && ancestor.every((name, index) => path[index] === name);
}
