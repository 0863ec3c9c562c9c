import { StoreError } from './errors.js';
import { type ByteRange, MAX_REGISTER_BYTES, type StoreKey } from './store.js';

/** Throws `unsupported` unless both numbers of a range are whole and at least 0. For authors of stores. */
export function checkRange(range: ByteRange): void {
  const { offset, length } = range;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new StoreError('unsupported', `not a byte range: ${offset}, ${length}`);
  }
}

/** Throws `too-large` for a register value over {@link MAX_REGISTER_BYTES}. For authors of stores. */
export function checkRegisterSize(key: StoreKey, bytes: Uint8Array): void {
  if (bytes.length > MAX_REGISTER_BYTES) {
    throw new StoreError(
      'too-large',
      `register ${key} is limited to ${MAX_REGISTER_BYTES} bytes, got ${bytes.length}`,
    );
  }
}
