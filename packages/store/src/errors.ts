/** Every way a store operation can fail, with one meaning each. docs/errors.md has the same table; a test compares. */
export const STORE_ERROR_CODES = {
  'not-found': 'the store holds no blob under this key',
  conflict: 'the register has another tag than the one expected; nothing was changed',
  'no-space': 'the medium or the quota is full; nothing was changed',
  'read-only': 'the store refuses writes; nothing was changed',
  unavailable: 'the store did not answer, or the outcome is unknown',
  unsupported: 'the store does not have this ability, or was made by a newer program',
  'invalid-key': 'the text is not a key that a store accepts',
  'too-large': 'a value is over the size limit of its kind',
  'no-store': 'the place where the store should be is missing or holds something else',
} as const;

export type StoreErrorCode = keyof typeof STORE_ERROR_CODES;

/** The only error a store rejects with, but for errors of a source it was given to read, which pass unchanged. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Whether `error` is a {@link StoreError}, of that code when one is named. */
export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code);
}
