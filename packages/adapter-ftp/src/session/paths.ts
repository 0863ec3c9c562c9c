import type { Path } from '@latchkey/vault';
import { ReplyError } from '../errors.js';

/** Longest name, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1024;

/**
 * Splits a path and resolves `.`, `..` and empty components without looking at the vault. Relative paths start at
 * `base`; `..` at the root stays there. Throws 553 for a name that is too long.
 */
export function splitPath(text: string, base: Path): Path {
  const names: string[] = text.startsWith('/') ? [] : [...base];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      names.pop();
      continue;
    }
    // A UTF-16 unit takes at most three bytes of UTF-8, so only long names are worth counting.
    if (name.length > MAX_NAME_BYTES / 3 && Buffer.byteLength(name) > MAX_NAME_BYTES)
      throw new ReplyError(553, `a name is longer than ${MAX_NAME_BYTES} bytes`);
    names.push(name);
  }
  return names;
}

/** The path as text, `/` for the root. */
export function formatPath(path: Path): string {
  return `/${path.join('/')}`;
}
