import {
  type ByteRange,
  type ETag,
  ForwardingStore,
  type RegisterState,
  StoreError,
  type StoreKey,
  type StoreMethod,
  type SwapOptions,
} from '@latchkey/store';

export interface HookPoint {
  readonly method: StoreMethod;
  readonly key: string;
  /** Before the call reaches the store below, or after the store has answered. */
  readonly when: 'before' | 'after';
}

/** A store that a test can stop at any call, or make fail before it (not done) or after it (done, answer lost). */
export class HookedStore extends ForwardingStore {
  hook: ((point: HookPoint) => Promise<void> | void) | undefined;

  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    return this.#around('getBlob', key, () => super.getBlob(key, range));
  }
  override putBlob(key: StoreKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    return this.#around('putBlob', key, () => super.putBlob(key, body));
  }
  override readRegister(key: StoreKey, known?: ETag): Promise<RegisterState> {
    return this.#around('readRegister', key, () => super.readRegister(key, known));
  }
  override swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    return this.#around('swapRegister', key, () => super.swapRegister(key, expected, bytes, options));
  }
  override delete(keys: readonly StoreKey[]): Promise<void> {
    return this.#around('delete', keys.join(' '), () => super.delete(keys));
  }

  /**
   * Stops the first call that `matches`. `reached` resolves when it has come there; it goes on after `release`.
   */
  stopAt(matches: (point: HookPoint) => boolean): { reached: Promise<void>; release: () => void } {
    let release = (): void => undefined;
    let arrive = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    let done = false;
    const earlier = this.hook;
    this.hook = async (point) => {
      await earlier?.(point);
      if (done || !matches(point)) return;
      done = true;
      arrive();
      await released;
    };
    return { reached, release };
  }

  async #around<T>(method: StoreMethod, key: string, call: () => Promise<T>): Promise<T> {
    await this.hook?.({ method, key, when: 'before' });
    const result = await call();
    await this.hook?.({ method, key, when: 'after' });
    return result;
  }
}

export function lost(): StoreError {
  return new StoreError('unavailable', 'the answer was lost');
}
