/** Every way a vault operation can fail, with one meaning each. docs/errors.md has the same table; a test compares. */
export const VAULT_ERROR_CODES = {
  'not-found': 'nothing of that name is there',
  exists: 'something of that name is there already',
  'not-a-directory': 'a component of the path is not a directory',
  'is-a-directory': 'the operation wants a file and found a directory',
  'not-empty': 'the directory still has entries',
  'invalid-name': 'a name is too long, empty, or has characters that no name may have',
  'invalid-argument': 'an argument is out of range or of the wrong form',
  'wrong-passphrase': 'the passphrase or recovery words open no key slot of this vault',
  'no-vault': 'the store holds no vault',
  damaged: 'stored bytes are missing or fail authentication; the message names the object',
  unsupported: 'the vault, store or program cannot do this',
  conflict:
    'others changed the same thing again and again, or a directory is on its way to this name; nothing was changed, try again',
  'no-space': 'the store is full; nothing was changed',
  'read-only': 'the store refuses writes, or a lock forbids the change; nothing was changed',
  unavailable: 'the store did not answer, or the outcome is unknown',
  'too-large': 'a size or count is over its limit',
  stale: 'the version that was being read is gone; open the file again',
  closed: 'the handle or vault is closed',
} as const;

export type VaultErrorCode = keyof typeof VAULT_ERROR_CODES;

export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly code: VaultErrorCode;

  constructor(code: VaultErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
