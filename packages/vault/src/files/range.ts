import { VaultError } from '../errors.js';

/** Throws `invalid-argument` unless both are whole numbers of bytes, 0 and up. */
export function checkRange(offset: number, length: number): void {
  if (
    !Number.isSafeInteger(offset) ||
    offset < 0 ||
    !(Number.isInteger(length) || length === Infinity) ||
    length < 0
  )
    throw new VaultError('invalid-argument', 'a range of a file is out of bounds');
}
