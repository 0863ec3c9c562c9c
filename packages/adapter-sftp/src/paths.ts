import type { Path } from '@latchkey/vault';
import { STATUS } from './codec/constants.js';
import { StatusError } from './errors.js';

/** Longest path taken from a client, in bytes: 32 names of the greatest length. */
export const MAX_PATH_BYTES = 32 * 1024;

/** Longest name, in bytes of UTF-8. */
const MAX_NAME_BYTES = 1024;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes a string that names something. Throws BAD_MESSAGE for bytes that are not UTF-8, because replacing them
 * would make two names one, and for NUL, which no name may have.
 */
export function decodeName(bytes: Uint8Array): string {
  if (bytes.length > MAX_PATH_BYTES) throw new StatusError(STATUS.FAILURE, 'the path is too long');
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    throw new StatusError(STATUS.BAD_MESSAGE, 'the name is not valid UTF-8');
  }
  if (text.includes('\0')) throw new StatusError(STATUS.BAD_MESSAGE, 'the name has a NUL byte');
  return text;
}

/**
 * Splits a path and resolves `.`, `..` and empty components without looking at the vault. Relative paths start at
 * `base`, by default the root; `..` at the root stays there.
 */
export function splitPath(text: string, base: Path = []): Path {
  const names: string[] = text.startsWith('/') ? [] : [...base];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      names.pop();
    } else {
      // A UTF-16 unit takes at most three bytes of UTF-8, so only long names are worth counting.
      if (name.length > MAX_NAME_BYTES / 3 && Buffer.byteLength(name) > MAX_NAME_BYTES) {
        throw new StatusError(STATUS.FAILURE, `a name is longer than ${MAX_NAME_BYTES} bytes`);
      }
      names.push(name);
    }
  }
  return names;
}

/** The path in a packet: strict UTF-8, made absolute and normal once, here. */
export function decodePath(bytes: Uint8Array): Path {
  return splitPath(decodeName(bytes));
}

/** The path as text, `/` for the root. */
export function formatPath(path: Path): string {
  return `/${path.join('/')}`;
}
