import { randomBytes } from 'node:crypto';

/*
 * An upload's id begins with the time it was begun, so that the order of ids is that of beginnings: S3 lists the uploads
 * of a key so, and those that were abandoned are found without looking at the others. The rest is random, 120 bits.
 */

const TIME_DIGITS = 12;

/** `started`: milliseconds since 1970. */
export function newUploadId(started: number): string {
  return started.toString(16).padStart(TIME_DIGITS, '0') + randomBytes(15).toString('base64url');
}

export function isUploadId(text: string): boolean {
  return /^[\w-]{32}$/.test(text);
}

/** Milliseconds since 1970; NaN for an id that was not made here. */
export function startOf(id: string): number {
  const digits = id.slice(0, TIME_DIGITS);
  return /^[0-9a-f]+$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
}
