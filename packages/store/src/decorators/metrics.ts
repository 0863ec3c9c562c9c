import type { Store } from '../store.js';
import { ObservedStore, type StoreCall, type StoreMethod } from './observed.js';

export interface MethodCount {
  /** Calls that ended, well or not. */
  calls: number;
  /** Calls that rejected. */
  failures: number;
  /** Bytes of content of the calls that succeeded; for `list`, objects. */
  bytes: number;
}

/** Counts by method. Methods that were never called are there, with zeros. */
export type StoreCounts = Readonly<Record<StoreMethod, MethodCount>>;

function zeros(): StoreCounts {
  const zero = (): MethodCount => ({ calls: 0, failures: 0, bytes: 0 });
  return {
    getBlob: zero(),
    putBlob: zero(),
    readRegister: zero(),
    swapRegister: zero(),
    delete: zero(),
    list: zero(),
    freeSpace: zero(),
    clock: zero(),
    close: zero(),
  };
}

/** Counts operations and bytes, for metrics and for tests which prove that a cost does not grow. */
export class MeteredStore extends ObservedStore {
  #counts: StoreCounts;

  constructor(inner: Store) {
    super(inner, (call) => this.#count(call));
    this.#counts = zeros();
  }

  /** What was counted since construction or {@link reset}; it goes on changing. */
  get counts(): StoreCounts {
    return this.#counts;
  }

  /** Calls of all methods together. */
  get calls(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count.calls, 0);
  }

  /** Starts again from zero and returns what had been counted. */
  reset(): StoreCounts {
    const before = this.#counts;
    this.#counts = zeros();
    return before;
  }

  #count(call: StoreCall): void {
    const count = this.#counts[call.method];
    count.calls += 1;
    count.bytes += call.bytes;
    if (call.error !== undefined) count.failures += 1;
  }
}
