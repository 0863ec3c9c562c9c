/** Every way an operation of this package can fail, with one meaning each. docs/errors.md has the same table. */
export const ENCRYPTION_ERROR_CODES = {
  damaged: 'bytes fail authentication, or belong to another place',
  malformed: 'bytes are not the one canonical form of any value',
  unsupported: 'a version, suite or critical field that this program does not know',
  limit: 'a size, count or cost is outside its bounds',
  'wrong-secret': 'the passphrase or recovery words open no key slot',
} as const;

export type EncryptionErrorCode = keyof typeof ENCRYPTION_ERROR_CODES;

export class EncryptionError extends Error {
  override readonly name = 'EncryptionError';
  readonly code: EncryptionErrorCode;

  constructor(code: EncryptionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
