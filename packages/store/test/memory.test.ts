import { MemoryStore, storeKey } from '@latchkey/store';
import { describeStore } from '@latchkey/store/conformance';
import { describe, expect, test } from 'vitest';

describeStore('store in memory', async () => {
  const store = new MemoryStore();
  return { store, reopen: async () => store, cleanup: async () => {} };
});

const key = storeKey('b/s/aa/x');

describe('the medium of a store in memory', () => {
  test('fills up, and lets reclaiming swaps over the limit', async () => {
    const store = new MemoryStore({ capacity: 100 });
    await store.putBlob(key, new Uint8Array(90));
    await expect(store.putBlob(storeKey('b/s/aa/y'), new Uint8Array(20))).rejects.toMatchObject({
      code: 'no-space',
    });
    await expect(store.swapRegister(storeKey('m'), null, new Uint8Array(20))).rejects.toMatchObject({
      code: 'no-space',
    });
    await store.swapRegister(storeKey('m'), null, new Uint8Array(20), { reclaims: true });
    expect(await store.freeSpace()).toEqual({ total: 100, available: 0 });
    await store.delete([key]);
    expect(await store.freeSpace()).toEqual({ total: 100, available: 80 });
  });

  test('can be put back to an earlier state and tampered with', async () => {
    const store = new MemoryStore({ now: () => 5000 });
    await store.putBlob(key, Uint8Array.of(1));
    const etag = await store.swapRegister(storeKey('m'), null, Uint8Array.of(1));
    const snapshot = store.snapshot();
    await store.swapRegister(storeKey('m'), etag, Uint8Array.of(2));
    await store.delete([key]);
    store.restore(snapshot);
    expect(await store.readRegister(storeKey('m'))).toMatchObject({
      bytes: Uint8Array.of(1),
      modifiedAt: 5000,
    });
    store.tamper(key, Uint8Array.of(9));
    expect(store.peek(key)).toEqual(Uint8Array.of(9));
    expect(() => store.tamper(storeKey('b/none'), Uint8Array.of(9))).toThrow('nothing stored');
  });
});
