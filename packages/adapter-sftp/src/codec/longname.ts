import type { Entry } from '@latchkey/vault';
import { entryMode, type Owner, wireSeconds } from './attributes.js';
import { MODE_TYPE } from './constants.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const HALF_A_YEAR_SECONDS = 182.5 * 86_400;
const TYPE_LETTERS: Readonly<Record<Entry['kind'], string>> = { directory: 'd', file: '-', symlink: 'l' };

/** Ten characters such as `drwxr-sr-t`. */
export function modeString(entry: Entry): string {
  const mode = entryMode(entry) & ~MODE_TYPE.mask;
  const triplet = (bits: number, special: boolean, letter: string): string => {
    const execute = (bits & 1) !== 0;
    const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
    return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + last;
  };
  return (
    TYPE_LETTERS[entry.kind] +
    triplet(mode >> 6, (mode & 0o4000) !== 0, 's') +
    triplet(mode >> 3, (mode & 0o2000) !== 0, 's') +
    triplet(mode, (mode & 0o1000) !== 0, 't')
  );
}

/** The time as `ls -l` shows it, in UTC: the clock for the last half year, else the year. */
function timeString(seconds: number, nowSeconds: number): string {
  const date = new Date(seconds * 1000);
  const day = `${MONTHS[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)}`;
  const recent = seconds <= nowSeconds && nowSeconds - seconds < HALF_A_YEAR_SECONDS;
  if (!recent) return `${day}  ${date.getUTCFullYear()}`;
  return `${day} ${String(date.getUTCHours()).padStart(2, '0')}:${String(date.getUTCMinutes()).padStart(2, '0')}`;
}

/**
 * One line in the style of `ls -l`, as section 7 of the draft recommends for `longname`; lftp and FileZilla parse it.
 * `nowSeconds`: the current time in seconds since 1970.
 */
export function longName(entry: Entry, owner: Owner, nowSeconds: number): string {
  const size = String(entry.size).padStart(8);
  const time = timeString(wireSeconds(entry.modified.seconds), nowSeconds);
  return `${modeString(entry)}    1 ${owner.user.padEnd(8)} ${owner.group.padEnd(8)} ${size} ${time} ${entry.name}`;
}
