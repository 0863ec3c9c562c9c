import type { Timestamp } from '@latchkey/vault';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people: `0 B`, `1.5 KiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Seconds for people: `42s`, `3m07s`, `2h05m`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

/** RFC 3339 in UTC with nine decimals; `@seconds` beyond what a calendar date can say. */
export function isoTime(time: Timestamp): string {
  const date = new Date(time.seconds * 1000);
  if (Number.isNaN(date.getTime())) return `@${time.seconds}`;
  return `${date.toISOString().slice(0, -5)}.${String(time.nanoseconds).padStart(9, '0')}Z`;
}

/** `2026-11-21 05:38`, UTC, for listings. */
export function listTime(time: Timestamp): string {
  const text = isoTime(time);
  return text.startsWith('@') ? text : text.slice(0, 16).replace('T', ' ');
}

const SIZE = /^(\d+(?:\.\d+)?)\s*(B|K|M|G|T|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$/;
const FACTORS: Record<string, number> = {
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** Reads `64MiB`, `1.5G`, `4096`; undefined when it is no size. The result is whole bytes. */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (!match) return undefined;
  const value = Math.floor(Number(match[1]) * (FACTORS[match[2] ?? 'B'] ?? 1));
  return Number.isSafeInteger(value) ? value : undefined;
}

const SPANS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Reads `90s`, `15m`, `24h`, `7d` into milliseconds; undefined when it is no span. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(text.trim());
  return match ? Number(match[1]) * (SPANS[match[2] ?? 's'] ?? 1) : undefined;
}

/** `-rw-r--r--`, `drwxr-xr-x`, `lrwxrwxrwx`. */
export function modeString(kind: 'file' | 'directory' | 'symlink', mode: number): string {
  const letters = ['r', 'w', 'x'];
  let text = kind === 'directory' ? 'd' : kind === 'symlink' ? 'l' : '-';
  for (let bit = 8; bit >= 0; bit -= 1) text += mode & (1 << bit) ? letters[2 - (bit % 3)] : '-';
  return text;
}

export function octalMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
