import type { ObjectEntry } from '@latchkey/vault';
import { contentSize } from '../sse/seal.js';

/** One rule of a lifecycle (S3 API reference, "LifecycleRule"), without what is not implemented. */
export interface Rule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: Filter;
  /** How the document wrote the prefix: beside the filter, as documents of before 2016 do. */
  readonly bare?: boolean;
  readonly expiration?: {
    readonly days?: number;
    /** Milliseconds since 1970, a midnight. */
    readonly date?: number;
    readonly markers?: boolean;
  };
  readonly noncurrent?: { readonly days: number; readonly newer?: number };
  /** Days after which an unfinished upload is aborted. */
  readonly abort?: number;
}

export interface Filter {
  readonly prefix?: string;
  readonly tags?: readonly (readonly [string, string])[];
  /** Bytes that an object must have more than. */
  readonly above?: number;
  /** Bytes that an object must have fewer than. */
  readonly below?: number;
}

export const DAY_MS: number = 24 * 60 * 60 * 1000;

/** When a number of days is over: at the midnight that follows, in UTC. Milliseconds since 1970, as `since`. */
export function dueAfter(since: number, days: number): number {
  return Math.ceil((since + days * DAY_MS) / DAY_MS) * DAY_MS;
}

/**
 * When an object came to be what it is, in milliseconds since 1970: its version, or its record where versions are not kept. Not
 * the time of modification, which file protocols set as they like.
 */
export function writtenAt({ written, revision }: Pick<ObjectEntry, 'written' | 'revision'>): number {
  return (written ?? revision) / 1024;
}

export function matchesPrefix({ filter }: Rule, key: string): boolean {
  return key.startsWith(filter.prefix ?? '');
}

/** Whether a rule is for an object or a version of one. */
export function matches(rule: Rule, key: string, entry: ObjectEntry): boolean {
  const { tags = [], above, below } = rule.filter;
  if (!rule.enabled || !matchesPrefix(rule, key)) return false;
  if (tags.some(([name, value]) => entry.tags.get(name) !== value)) return false;
  const size = contentSize(entry);
  return (above === undefined || size > above) && (below === undefined || size < below);
}

/** The last moment that a `Date` can be, in milliseconds since 1970 (ECMA-262, "Time Values and Time Range"). */
const LAST_MS = 8.64e15;

/** When a rule ends the life of a current object; undefined: never, or when nobody counts years any more. */
export function expiryOf({ expiration }: Rule, entry: ObjectEntry): number | undefined {
  if (expiration?.days === undefined) return expiration?.date;
  const at = dueAfter(writtenAt(entry), expiration.days);
  return at > LAST_MS ? undefined : at;
}

/** The first expiry of a current object, and by which rule. */
export function firstExpiry(
  rules: readonly Rule[],
  key: string,
  entry: ObjectEntry,
): { readonly at: number; readonly id: string } | undefined {
  let first: { readonly at: number; readonly id: string } | undefined;
  for (const rule of rules) {
    if (!matches(rule, key, entry)) continue;
    const at = expiryOf(rule, entry);
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, id: rule.id };
  }
  return first;
}

/** When the first rule ends an unfinished upload that began at `started`, in milliseconds since 1970, and which one. */
export function firstAbort(
  rules: readonly Rule[],
  key: string,
  started: number,
): { readonly at: number; readonly id: string } | undefined {
  let first: { readonly at: number; readonly id: string } | undefined;
  for (const rule of rules) {
    if (!rule.enabled || rule.abort === undefined || !matchesPrefix(rule, key)) continue;
    const at = dueAfter(started, rule.abort);
    if (at <= LAST_MS && (first === undefined || at < first.at)) first = { at, id: rule.id };
  }
  return first;
}
