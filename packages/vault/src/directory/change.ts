import type { Head, SealedRecord } from '@latchkey/encryption';
import { asVaultError } from '../translate.js';
import { type Doubt, unknownOutcome } from './doubt.js';
import type { Transaction } from './transaction.js';

export const NO_EDITS: ReadonlyMap<string, SealedRecord> = new Map();

/**
 * One change of a directory. `apply` may run several times, each time on a newer head, and must leave everything
 * outside the transaction alone. What it throws refuses this change only.
 */
export interface Change<T> {
  apply(transaction: Transaction): Promise<T>;
  /** The change frees space and may use the store's reserve. */
  readonly reclaims?: boolean;
  /** Apply to a directory that is dead, too. */
  readonly evenDead?: boolean;
  /** What becomes of the rest of the head, before `apply` sees it. */
  mend?(head: Head): Promise<Head>;
  /** The operation id, when the same id goes to another directory as well. */
  readonly operation?: Uint8Array;
}

/** A change on its way to a commit. */
export interface Waiting {
  readonly change: Change<unknown>;
  readonly operation: Uint8Array;
  result?: unknown;
  /** What the last attempt edited. */
  edits: ReadonlyMap<string, SealedRecord>;
  /** The last attempt whose outcome is unknown, as long as it may still take effect. */
  doubt?: Doubt | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Nobody is told that nothing was changed while a swap that changes it may still arrive. Damage is damage. */
export function refuse(one: Waiting, error: unknown): void {
  const told = asVaultError(error);
  one.reject(one.doubt === undefined || told.code === 'damaged' ? error : unknownOutcome(error));
}
