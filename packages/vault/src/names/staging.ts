import { STAGING } from '../object-session.js';
import { directoryKey } from '../record/entry.js';
import type { Path } from '../session.js';

const STAGING_KEY = directoryKey(STAGING);

/** Whether listings leave out the record under `key` of the directory at `path`. */
export function hidden(path: Path, key: string): boolean {
  return path.length === 0 && key === STAGING_KEY;
}
