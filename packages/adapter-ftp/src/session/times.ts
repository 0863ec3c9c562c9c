import type { Timestamp } from '@latchkey/vault';

/** Years 1 to 9999: what four digits can say. */
const MIN_SECONDS = -62_135_596_800;
const MAX_SECONDS = 253_402_300_799;

/** A point in time as `YYYYMMDDHHMMSS` in UTC (RFC 3659, section 2.3), whole seconds. */
export function formatTime({ seconds }: Timestamp): string {
  const bounded = Math.min(Math.max(seconds, MIN_SECONDS), MAX_SECONDS);
  return new Date(bounded * 1000).toISOString().slice(0, 19).replace(/[-T:]/g, '');
}

const TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:\.(\d{1,9})\d*)?$/;

/**
 * Reads `YYYYMMDDHHMM`, with seconds and a fraction if there are any. Undefined for what is no time: a thirteenth
 * month, or the 30th of February. A leap second counts as the second after it.
 */
export function parseTime(text: string): Timestamp | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || day < 1) return undefined;
  date.setUTCHours(hour, minute, second);
  // The leap second behind the last day would be in the year 10000.
  if (date.getTime() / 1000 > MAX_SECONDS) return undefined;
  return { seconds: date.getTime() / 1000, nanoseconds: Number((match[7] ?? '').padEnd(9, '0')) };
}
