import { VaultError, type VaultErrorCode } from '@latchkey/vault';
import { printable, type Reply, reply } from './control/replies.js';

/** A command ends with this reply. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What RFC 959 (section 4.2) can say about each way a vault operation fails. 4xx invites the client to try again, 5xx
 * does not.
 */
export const REPLY_OF_VAULT_ERROR: Readonly<Record<VaultErrorCode, number>> = {
  'not-found': 550,
  exists: 550,
  'not-a-directory': 550,
  'is-a-directory': 550,
  'not-empty': 550,
  'invalid-name': 553,
  'invalid-argument': 550,
  'wrong-passphrase': 550,
  'no-vault': 550,
  damaged: 550,
  unsupported: 550,
  conflict: 450,
  // Not 452: clients would send the same again for ever.
  'no-space': 552,
  'read-only': 550,
  unavailable: 451,
  'too-large': 552,
  stale: 450,
  closed: 451,
};

export const NO_SPACE = 'no space left where the vault is stored';

export function isNoSpace(error: unknown): boolean {
  return error instanceof VaultError && error.code === 'no-space';
}

export interface Failure {
  readonly reply: Reply;
  /** The error is not one of those a command may end with: somebody should read about it. */
  readonly unexpected: boolean;
}

/** The reply that a command ends with when `error` was thrown. Foreign errors are not described to the client. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ReplyError) return { reply: reply(error.code, error.message), unexpected: false };
  if (error instanceof VaultError) {
    // The vault's message may name an object of its store.
    const message = isNoSpace(error) ? NO_SPACE : printable(error.message);
    return { reply: reply(REPLY_OF_VAULT_ERROR[error.code], message), unexpected: false };
  }
  return { reply: reply(451, 'internal error'), unexpected: true };
}
