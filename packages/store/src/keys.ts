import { StoreError } from './errors.js';
import type { StoreKey } from './store.js';

/** Longest key, in bytes. It leaves room for a bucket prefix or a root directory in front. */
export const MAX_KEY_BYTES = 120;

// One or more components of the alphabet. Lower case only: some file systems fold case.
const SHAPE = /^[a-z0-9.-]+(?:\/[a-z0-9.-]+)*$/;
const PREFIX_SHAPE = /^(?:[a-z0-9.-]+\/)*[a-z0-9.-]*$/;
// The last component of a prefix is open: `..` may go on to `..a`.
const CLOSED_DOTS = /(?:^|\/)\.{1,2}\//;
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;

/**
 * Checks and brands a key: `a-z 0-9 . - /`, 1 to {@link MAX_KEY_BYTES} bytes, no empty, `.` or `..` component.
 *
 * One more rule binds the caller: no key may lie "under" another object's key (`a` and `a/b`), because a store
 * on a file system cannot keep both. Throws `invalid-key`.
 */
export function storeKey(text: string): StoreKey {
  // Rejected before the pattern runs, so that no hostile length reaches it.
  if (text.length > MAX_KEY_BYTES || !SHAPE.test(text) || DOTS.test(text)) {
    throw new StoreError('invalid-key', `not a store key: ${JSON.stringify(text.slice(0, 200))}`);
  }
  return text as StoreKey;
}

/** Checks the argument of `list`: empty, or the beginning of a key. Throws `invalid-key`. */
export function storePrefix(text: string): string {
  if (text.length > MAX_KEY_BYTES || !PREFIX_SHAPE.test(text) || CLOSED_DOTS.test(text)) {
    throw new StoreError(
      'invalid-key',
      `not the beginning of a store key: ${JSON.stringify(text.slice(0, 200))}`,
    );
  }
  return text;
}
