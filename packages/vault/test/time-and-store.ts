import { MemoryStore, type StoreKey } from '@latchkey/store';
import { afterEach, vi } from 'vitest';

afterEach(() => {
  vi.useRealTimers();
});

export const HOUR = 60 * 60 * 1000;
export const DAY = 24 * HOUR;
export const BIG = new Uint8Array(5000).map((_, index) => index & 255);

/** A store whose clock is the system's, the one that a test moves. */
export function onSystemClock(): MemoryStore {
  return new MemoryStore({ now: () => Date.now() });
}

/** Moves the system clock, which is the store's too. Nothing waits. */
export function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

export async function stored(store: MemoryStore, prefix: string): Promise<StoreKey[]> {
  const found: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
