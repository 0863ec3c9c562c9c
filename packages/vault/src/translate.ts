import { EncryptionError } from '@latchkey/encryption';
import { StoreError, type StoreErrorCode } from '@latchkey/store';
import { VaultError, type VaultErrorCode } from './errors.js';

const FROM_STORE: Record<StoreErrorCode, VaultErrorCode> = {
  'not-found': 'damaged',
  conflict: 'conflict',
  'no-space': 'no-space',
  'read-only': 'read-only',
  unavailable: 'unavailable',
  unsupported: 'unsupported',
  'invalid-key': 'invalid-argument',
  'too-large': 'too-large',
  'no-store': 'unavailable',
};

/** What a caller of the vault is told of a failure below it. `what` names the object at fault. */
export function asVaultError(error: unknown, what?: string): VaultError {
  if (error instanceof VaultError) return error;
  const subject = what === undefined ? '' : `${what}: `;
  if (error instanceof StoreError) {
    return new VaultError(FROM_STORE[error.code], subject + error.message, { cause: error });
  }
  if (error instanceof EncryptionError) {
    const code =
      error.code === 'unsupported'
        ? 'unsupported'
        : error.code === 'wrong-secret'
          ? 'wrong-passphrase'
          : 'damaged';
    return new VaultError(code, subject + error.message, { cause: error });
  }
  // A fault of this program or of a store that breaks its contract: nobody knows how far it got.
  const why = error instanceof Error ? error.message : String(error);
  return new VaultError('unavailable', `${subject}unexpected failure: ${why}`, { cause: error });
}

/** Runs `work`, naming `what` in whatever fails below the vault. */
export async function naming<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asVaultError(error, what);
  }
}

export function isStoreError(error: unknown, code: StoreErrorCode): boolean {
  return error instanceof StoreError && error.code === code;
}
