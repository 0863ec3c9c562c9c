import { checkName } from '@latchkey/encryption';
import { VaultError } from '../errors.js';
import type { Path } from '../session.js';

/** Deeper paths are refused before they cost a look-up per level. */
const MAX_DEPTH = 512;

/** Throws `invalid-name` unless every name may stand in a vault; an empty one may (docs/adr/0602). */
export function checkPath(path: Path): void {
  if (path.length > MAX_DEPTH) throw new VaultError('invalid-name', `a path has at most ${MAX_DEPTH} names`);
  for (const name of path) {
    try {
      checkName(name);
    } catch (error) {
      throw new VaultError('invalid-name', error instanceof Error ? error.message : 'a name is not allowed', {
        cause: error,
      });
    }
  }
}

/** Throws `invalid-name` for an empty name, which only object protocols have. */
export function refuseEmptyNames(...paths: readonly Path[]): void {
  if (paths.some((path) => path.includes('')))
    throw new VaultError('invalid-name', 'a name must not be empty');
}

/** The parent's path and the last name. Throws `invalid-argument` for the root, which has neither. */
export function splitPath(path: Path): { readonly parent: Path; readonly name: string } {
  checkPath(path);
  const name = path.at(-1);
  if (name === undefined)
    throw new VaultError('invalid-argument', 'this cannot be done to the root of the vault');
  return { parent: path.slice(0, -1), name };
}

export function notFound(path: Path): VaultError {
  return new VaultError('not-found', `no such file or directory: ${show(path)}`);
}

/** A path as messages show it: the adapter or program that prints it makes it printable. */
export function show(path: Path): string {
  return `/${path.join('/')}`;
}
