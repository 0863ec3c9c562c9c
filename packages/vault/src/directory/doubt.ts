import type { Head } from '@latchkey/encryption';
import type { ETag } from '@latchkey/store';
import { sameBytes } from '../bytes.js';
import { VaultError } from '../errors.js';
import { HEAD_OPERATIONS } from '../limits.js';
import type { Made } from './rescue.js';

/** A swap whose outcome is unknown (docs/concurrency.md, rule 2). */
export interface Doubt {
  /** The tag that the swap names: while the head has it, the swap may still arrive. */
  readonly etag: ETag;
  /** The newest operation of the head that the swap was made from; none when its list was empty. */
  readonly newest: Uint8Array | undefined;
  /** What it commits if it does arrive. */
  readonly made: Made;
}

/**
 * What a head tells of a doubtful change. That the list of operations lacks it proves something only while the list
 * reaches back to the head that the swap was made from.
 */
export function outcomeOf(doubt: Doubt, operation: Uint8Array, head: Head): 'done' | 'not-done' | 'unknown' {
  if (lists(head, operation)) return 'done';
  const { newest } = doubt;
  const reachesBack = newest === undefined ? head.operations.length < HEAD_OPERATIONS : lists(head, newest);
  return reachesBack ? 'not-done' : 'unknown';
}

/** What somebody is told whose change may have been made, or may still be. */
export function unknownOutcome(cause?: unknown): VaultError {
  return new VaultError(
    'unavailable',
    'the store did not answer, and whether the change was made cannot be told',
    cause === undefined ? {} : { cause },
  );
}

function lists(head: Head, operation: Uint8Array): boolean {
  return head.operations.some((one) => sameBytes(one, operation));
}
