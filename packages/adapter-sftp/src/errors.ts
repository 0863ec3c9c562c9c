import { VaultError, type VaultErrorCode } from '@latchkey/vault';
import { STATUS, type StatusCode } from './codec/constants.js';
import { MalformedPacketError } from './codec/reader.js';

/** A request fails with this status. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: StatusCode;

  constructor(status: StatusCode, message: string) {
    super(message);
    this.status = status;
  }
}

/** What version 3 can say about each way a vault operation fails. The message of the status carries the rest. */
export const STATUS_OF_VAULT_ERROR: Readonly<Record<VaultErrorCode, StatusCode>> = {
  'not-found': STATUS.NO_SUCH_FILE,
  exists: STATUS.FAILURE,
  'not-a-directory': STATUS.NO_SUCH_FILE,
  'is-a-directory': STATUS.FAILURE,
  'not-empty': STATUS.FAILURE,
  'invalid-name': STATUS.FAILURE,
  'invalid-argument': STATUS.FAILURE,
  'wrong-passphrase': STATUS.PERMISSION_DENIED,
  'no-vault': STATUS.FAILURE,
  damaged: STATUS.FAILURE,
  unsupported: STATUS.OP_UNSUPPORTED,
  conflict: STATUS.FAILURE,
  'no-space': STATUS.FAILURE,
  'read-only': STATUS.PERMISSION_DENIED,
  unavailable: STATUS.FAILURE,
  'too-large': STATUS.FAILURE,
  stale: STATUS.FAILURE,
  closed: STATUS.FAILURE,
};

export interface StatusReply {
  readonly status: StatusCode;
  readonly message: string;
  /** The error is not one of those a request may end with: somebody should read about it. */
  readonly unexpected: boolean;
}

const MAX_MESSAGE_CHARACTERS = 300;

/** Replaces what a terminal could obey: C0, DEL, C1 controls and the marks that turn the direction of text. */
export function printable(text: string): string {
  const cut = text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}...` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}

export const NO_SPACE = 'no space left where the vault is stored';

export function isNoSpace(error: unknown): boolean {
  return error instanceof VaultError && error.code === 'no-space';
}

/** The status that a request ends with when `error` was thrown. Foreign errors are not described to the client. */
export function statusOf(error: unknown): StatusReply {
  if (error instanceof StatusError)
    return { status: error.status, message: error.message, unexpected: false };
  if (error instanceof VaultError) {
    return {
      status: STATUS_OF_VAULT_ERROR[error.code],
      // The vault's message may name an object of its store.
      message: isNoSpace(error) ? NO_SPACE : printable(error.message),
      unexpected: false,
    };
  }
  if (error instanceof MalformedPacketError) {
    return { status: STATUS.BAD_MESSAGE, message: error.message, unexpected: false };
  }
  return { status: STATUS.FAILURE, message: 'internal error', unexpected: true };
}
