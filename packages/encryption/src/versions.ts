import { Fields } from './cbor/fields.js';
import type { CborMap, CborValue } from './cbor/value.js';
import { EncryptionError } from './errors.js';

/*
 * Older versions of a file stand beside it, under its name, a NUL and their place in the order of age. No name has a NUL, so
 * they follow the file and precede every other name, the newest first.
 */

const SEPARATOR = '\0';
/** The extended hex alphabet of RFC 4648 section 7, whose order is that of what it spells. */
const DIGITS = '0123456789abcdefghijklmnopqrstuv';
const PLACE_DIGITS = 11;
const PLACE = /^[0-7][0-9a-v]{10}$/;
const TOP = Number.MAX_SAFE_INTEGER;

/**
 * The place of a version that was made at `order`, a revision: 2^53 - 1 minus that, as 11 digits, so that what is newer comes
 * first.
 */
export function versionPlace(order: number): string {
  let rest = TOP - order;
  let text = '';
  for (let at = 0; at < PLACE_DIGITS; at++) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** The order that {@link versionPlace} has spelled; undefined for what it never spells. */
export function versionOrder(place: string): number | undefined {
  if (!PLACE.test(place)) return undefined;
  let rest = 0;
  for (const digit of place) rest = rest * 32 + DIGITS.indexOf(digit);
  const order = TOP - rest;
  return order >= 0 && versionPlace(order) === place ? order : undefined;
}

/** The key of a version of `name`. */
export function versionKey(name: string, place: string): string {
  return `${name}${SEPARATOR}${place}`;
}

/** Name and place of a version's key; undefined for the keys of files, symlinks and directories. */
export function splitVersionKey(key: string): { readonly name: string; readonly place: string } | undefined {
  const at = key.indexOf(SEPARATOR);
  return at < 0 ? undefined : { name: key.slice(0, at), place: key.slice(at + 1) };
}

/** Until when nobody may destroy a version. */
export interface Retention {
  readonly mode: 'governance' | 'compliance';
  /** Seconds since 1970. */
  readonly until: number;
}

const MODES: readonly Retention['mode'][] = ['governance', 'compliance'];

export function encodeRetention({ mode, until }: Retention): CborValue {
  return [MODES.indexOf(mode) + 1, until];
}

export function decodeRetention(value: CborValue): Retention {
  if (Array.isArray(value) && value.length === 2) {
    const [number, until] = value as readonly CborValue[];
    const mode = typeof number === 'number' ? MODES[number - 1] : undefined;
    if (mode !== undefined && typeof until === 'number' && until >= 0) return { mode, until };
  }
  throw new EncryptionError('malformed', 'listing: field 20 is no retention');
}

/** What a directory at the top keeps of what is replaced or removed in it and below. */
export interface Keeping {
  /** Every version, or, while that is suspended, those that were kept before. */
  readonly versions: 'all' | 'suspended';
  /** Versions can be locked. */
  readonly locks: boolean;
  /** What new versions are locked with: a mode and for how many seconds. */
  readonly retention?: { readonly mode: Retention['mode']; readonly seconds: number };
}

const KEEPING_FIELDS: ReadonlySet<number> = new Set([0, 2, 4, 6]);

export function encodeKeeping({ versions, locks, retention }: Keeping): CborMap {
  const map = new Map<number, CborValue>([[0, versions === 'all' ? 1 : 2]]);
  if (locks) map.set(2, true);
  if (retention !== undefined) map.set(4, MODES.indexOf(retention.mode) + 1).set(6, retention.seconds);
  return map;
}

export function decodeKeeping(value: CborValue): Keeping {
  const fields = new Fields('listing: field 44', value);
  fields.extra(KEEPING_FIELDS);
  const state = fields.uint(0, 2);
  const mode = fields.has(4) ? MODES[fields.uint(4, MODES.length) - 1] : undefined;
  if (state === 0 || fields.has(4) !== (mode !== undefined) || fields.has(4) !== fields.has(6))
    throw new EncryptionError('malformed', 'listing: field 44 says nothing that can be kept');
  return {
    versions: state === 1 ? 'all' : 'suspended',
    locks: fields.flag(2),
    ...(mode === undefined ? {} : { retention: { mode, seconds: fields.uint(6) } }),
  };
}
