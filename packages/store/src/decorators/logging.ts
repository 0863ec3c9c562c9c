import { isStoreError } from '../errors.js';
import type { Store } from '../store.js';
import { ObservedStore, type StoreMethod } from './observed.js';

/** One line for a log: keys, sizes and codes. Never content. */
export interface StoreLogEntry {
  readonly method: StoreMethod;
  readonly subject: string;
  /** Bytes; objects for a listing. */
  readonly bytes: number;
  readonly milliseconds: number;
  /** The code of a failed call, or `error` for what a store should not throw. */
  readonly code?: string;
}

/** Tells `log` of every call. A callback that throws is ignored: logging never fails an operation. */
export function withLogging(inner: Store, log: (entry: StoreLogEntry) => void): Store {
  return new ObservedStore(inner, ({ error, ...call }) => {
    const code = error === undefined ? {} : { code: isStoreError(error) ? error.code : 'error' };
    try {
      log({ ...call, ...code });
    } catch {}
  });
}
