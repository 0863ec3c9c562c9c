import { type ETag, ForwardingStore, type StoreKey, type SwapOptions } from '@latchkey/store';
import { lost } from './hooked-store.js';

/** A store whose swaps can get stuck on the way: the sender sees a failure, and the swap arrives when the test says so. */
export class LateStore extends ForwardingStore {
  /** Swaps of this register get stuck from now on. */
  holding: string | undefined;
  /** Runs when one has got stuck, before its sender is told. */
  onStuck: (() => Promise<void>) | undefined;
  readonly #late: (() => Promise<ETag>)[] = [];

  override async swapRegister(
    key: StoreKey,
    expected: ETag | null,
    bytes: Uint8Array,
    options?: SwapOptions,
  ): Promise<ETag> {
    if (key !== this.holding) return super.swapRegister(key, expected, bytes, options);
    this.#late.push(() => super.swapRegister(key, expected, bytes, options));
    await this.onStuck?.();
    throw lost();
  }

  /** Lets everything arrive that is on its way. Says how many swaps took effect. */
  async arrive(): Promise<number> {
    const outcomes = await Promise.allSettled(this.#late.splice(0).map((send) => send()));
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }
}
