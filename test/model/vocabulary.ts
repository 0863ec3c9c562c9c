/** The words that the cases are written in. */

import { called, type Script } from './context.js';
import { cleanDirectory } from './directories.js';
import { collectGarbage } from './gc.js';
import { putLeased } from './leases.js';
import type { Call } from './plain.js';
import { BEGINNING, OLD_SESSION } from './scenario.js';

export const put = (path: string, ...atoms: string[]): Call => ({ do: 'put', path, atoms });
export const create = (path: string, ...atoms: string[]): Call => ({ do: 'create', path, atoms });
export const append = (path: string, atom: string): Call => ({ do: 'append', path, atom });
export const on = (what: 'remove' | 'read' | 'mkdir' | 'rmdir' | 'removeTree', path: string): Call => ({
  do: what,
  path,
});
export const fromTo = (
  what: 'rename' | 'copy' | 'moveFile' | 'moveDirectory' | 'moveOrCopyFile',
  from: string,
  to: string,
): Call => ({ do: what, from, to });

/** A run of gc that has only these sessions to judge. */
export const gcOf =
  (...sessions: string[]): Script =>
  (context) =>
    collectGarbage(context, sessions);
export const gc = gcOf(OLD_SESSION);
export const clean =
  (uid: string): Script =>
  (context) =>
    cleanDirectory(context, uid);

/** A put whose session renewed its lease at the beginning and may be suspended at any step. */
export const leased = (path: string, ...atoms: string[]): Script =>
  function* (context) {
    yield* called(put(path, ...atoms), putLeased(context, path, atoms, BEGINNING));
  };

export const FLAT = { 'p/': [], 'p/a': ['v1'] };
export const TWO = { 'p/': [], 'p/a': ['v1'], 'q/': [] };
export const DEEP = { 'p/': [], 'p/d/': [], 'p/d/f': ['v1'], 'q/': [] };
export const NESTED = { 'd/': [], 'e/': [] };

/** What may go wrong in most cases: one crash, and one swap whose outcome is unknown. */
export const trouble = { crashes: 1, swapFaults: 1 };
