import { StoreError, type StoreErrorCode } from '@latchkey/store';

/** What the caller was doing: a refusal means "read-only" to a writer and "cannot be read" to a reader. */
export type Access = 'read' | 'write';

const MEANINGS: Readonly<Record<string, StoreErrorCode>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EROFS: 'read-only',
  EFBIG: 'too-large',
  ENAMETOOLONG: 'invalid-key',
};
const REFUSALS: ReadonlySet<string> = new Set(['EACCES', 'EPERM']);

/** The `code` of a system error, or an empty string. */
export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Runs `call`; returns undefined when it fails with one of `codes`. */
export function unless<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codes.includes(systemCode(error))) return undefined;
    throw error;
  }
}

/** Maps a system error to the store's closed set. A {@link StoreError} passes unchanged. */
export function toStoreError(error: unknown, doing: string, access: Access): StoreError {
  if (error instanceof StoreError) return error;
  const code = systemCode(error);
  const refused = REFUSALS.has(code) && access === 'write';
  const meaning = refused ? 'read-only' : (MEANINGS[code] ?? 'unavailable');
  return new StoreError(meaning, `${doing} failed${code === '' ? '' : ` (${code})`}`, { cause: error });
}
