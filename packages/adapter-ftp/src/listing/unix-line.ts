import type { Entry } from '@latchkey/vault';
import type { Owner } from '../config.js';
import { oneLine } from '../control/replies.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const HALF_A_YEAR_SECONDS = 182.5 * 86_400;
const TYPE_LETTERS: Readonly<Record<Entry['kind'], string>> = { directory: 'd', file: '-', symlink: 'l' };

/** Years that take four digits, in seconds since 1970. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

/** Ten characters such as `drwxr-sr-t`. */
export function modeString({ kind, mode }: Pick<Entry, 'kind' | 'mode'>): string {
  const triplet = (bits: number, special: boolean, letter: string): string => {
    const execute = (bits & 1) !== 0;
    const last = special ? (execute ? letter : letter.toUpperCase()) : execute ? 'x' : '-';
    return (bits & 4 ? 'r' : '-') + (bits & 2 ? 'w' : '-') + last;
  };
  return (
    TYPE_LETTERS[kind] +
    triplet(mode >> 6, (mode & 0o4000) !== 0, 's') +
    triplet(mode >> 3, (mode & 0o2000) !== 0, 's') +
    triplet(mode, (mode & 0o1000) !== 0, 't')
  );
}

/** The time as `ls -l` shows it, in UTC: the clock for the last half year, else the year. */
function timeString(seconds: number, nowSeconds: number): string {
  const date = new Date(Math.min(Math.max(seconds, MIN_SECONDS), MAX_SECONDS) * 1000);
  const day = `${MONTHS[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)}`;
  const recent = seconds <= nowSeconds && nowSeconds - seconds < HALF_A_YEAR_SECONDS;
  if (!recent) return `${day}  ${String(date.getUTCFullYear()).padStart(4, '0')}`;
  return `${day} ${String(date.getUTCHours()).padStart(2, '0')}:${String(date.getUTCMinutes()).padStart(2, '0')}`;
}

/**
 * One line of LIST in the form of `ls -l`, which every client parses. `target` is where a symlink leads; `nowSeconds`
 * the current time in seconds since 1970.
 */
export function unixLine(
  entry: Entry,
  name: string,
  owner: Owner,
  nowSeconds: number,
  target?: string,
): string {
  const size = String(entry.size).padStart(12);
  const time = timeString(entry.modified.seconds, nowSeconds);
  const arrow = target === undefined ? '' : ` -> ${target}`;
  const head = `${modeString(entry)}    1 ${owner.user.padEnd(8)} ${owner.group.padEnd(8)} ${size} ${time}`;
  return oneLine(`${head} ${name}${arrow}`);
}
