/** Disks that are full or refuse writes: real file systems of a few MiB. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ETag, isStoreError, type StoreKey, storeKey } from '@latchkey/store';
import { FileStore } from '@latchkey/store-file';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { diskProblem, mountSmallDisk, openStore, type SmallDisk } from './medium.js';

const problem = diskProblem();
const register = storeKey('h/abcdef');
const reserveBytes = 1024 * 1024;

if (problem === undefined)
  describe('a small disk', () => {
    let disk: SmallDisk;
    let store: FileStore;
    let root: string;

    for (const durability of ['full', 'relaxed'] as const) {
      describe(`durability ${durability}`, () => {
        beforeEach(async () => {
          disk = mountSmallDisk(8);
          root = join(disk.path, 'store');
          store = await openStore(root, { durability, reserveBytes });
          // The reserve is built in the background; closing waits for it.
          await store.close();
          store = await openStore(root, { durability, reserveBytes });
        });
        afterEach(async () => {
          await store.close();
          disk.remove();
        });

        /** Puts blobs until there is no space, then smaller ones, down to a single byte. */
        async function fill(): Promise<StoreKey[]> {
          const keys: StoreKey[] = [];
          for (const size of [1_000_000, 65_536, 4096, 1]) {
            for (let full = false; !full; ) {
              const key = storeKey(`b/s/aa/x${keys.length}`);
              try {
                await store.putBlob(key, new Uint8Array(size));
                keys.push(key);
              } catch (error) {
                if (!isStoreError(error, 'no-space')) throw error;
                full = true;
              }
            }
          }
          return keys;
        }

        /** The first byte and the tag of a register whose bytes are all the same. */
        async function first(key: StoreKey): Promise<[number | undefined, ETag]> {
          const state = await store.readRegister(key);
          if (state.status !== 'value') throw new Error(state.status);
          expect(new Set(state.bytes).size).toBe(1);
          return [state.bytes[0], state.etag];
        }

        test('a put without space is no-space, leaves nothing, and ends its source', async () => {
          let returned = 0;
          const endless = async function* () {
            try {
              for (;;) yield new Uint8Array(300_000);
            } finally {
              returned += 1;
            }
          };
          const key = storeKey('b/s/aa/endless');
          await expect(store.putBlob(key, endless())).rejects.toMatchObject({ code: 'no-space' });
          await expect(store.putBlob(key, new Uint8Array(9_000_000))).rejects.toMatchObject({
            code: 'no-space',
          });
          expect(returned).toBe(1);
          expect(readdirSync(join(root, 'tmp'))).toEqual([]);
          await expect(store.getBlob(key, { offset: 0, length: 1 })).rejects.toMatchObject({
            code: 'not-found',
          });
          expect((await store.freeSpace()).available).toBeGreaterThan(5_000_000);
        });

        test('a swap without space keeps the old value, and one that reclaims uses the reserve', async () => {
          const value = new Uint8Array(200_000).fill(1);
          let etag: ETag = await store.swapRegister(register, null, value);
          const keys = await fill();
          const next = new Uint8Array(250_000).fill(2);
          await expect(store.swapRegister(register, etag, next)).rejects.toMatchObject({ code: 'no-space' });
          await expect(store.swapRegister(storeKey('h/other'), null, next)).rejects.toMatchObject({
            code: 'no-space',
          });
          expect(await first(register)).toEqual([1, etag]);
          expect(existsSync(join(root, 'reserve'))).toBe(true);

          etag = await store.swapRegister(register, etag, next, { reclaims: true });
          expect(await first(register)).toEqual([2, etag]);
          expect(existsSync(join(root, 'reserve'))).toBe(false);
          await store.delete(keys);
          await store.putBlob(keys[0]!, new Uint8Array(1_000_000));
          expect(readdirSync(join(root, 'tmp'))).toEqual([]);

          await store.close();
          store = await openStore(root, { durability, reserveBytes });
          await store.close();
          expect(existsSync(join(root, 'reserve'))).toBe(true);
          store = await openStore(root, { durability, reserveBytes });
        });

        test('a full disk lets delete and read', async () => {
          const etag = await store.swapRegister(register, null, new Uint8Array(1000));
          const keys = await fill();
          expect(await store.getBlob(keys[0]!, { offset: 999_999, length: 10 })).toHaveLength(1);
          expect(await store.readRegister(register, etag)).toEqual({ status: 'unchanged' });
          expect(await store.clock()).toBeGreaterThan(0);
          await store.delete([register, ...keys]);
          for await (const object of store.list('')) expect(object).toBeUndefined();
        });

        test('a reclaiming swap with nothing in reserve is no-space like any other', async () => {
          const etag = await store.swapRegister(register, null, new Uint8Array(10));
          await fill();
          const large = new Uint8Array(500_000);
          let latest = await store.swapRegister(register, etag, large, { reclaims: true });
          await fill();
          await expect(store.swapRegister(register, latest, large, { reclaims: true })).rejects.toMatchObject(
            {
              code: 'no-space',
            },
          );
          latest = await store
            .readRegister(register)
            .then((state) => (state.status === 'value' ? state.etag : latest));
          expect(await store.readRegister(register, latest)).toEqual({ status: 'unchanged' });
        });

        test('a read-only disk reads, and says read-only to every write', async () => {
          const key = storeKey('b/s/aa/kept');
          await store.putBlob(key, new Uint8Array(10).fill(3));
          const etag = await store.swapRegister(register, null, new Uint8Array(10));
          await store.close();
          disk.remount('ro');
          store = await FileStore.open({ root, durability });
          expect(await store.getBlob(key, { offset: 8, length: 8 })).toEqual(Uint8Array.of(3, 3));
          expect(await store.readRegister(register, etag)).toEqual({ status: 'unchanged' });
          expect(await store.clock()).toBeGreaterThan(0);
          const stream = async function* () {
            yield new Uint8Array(10);
          };
          for (const write of [
            store.putBlob(storeKey('b/s/aa/new'), new Uint8Array(10)),
            store.putBlob(storeKey('b/t/aa/new'), stream()),
            store.swapRegister(register, etag, new Uint8Array(5)),
            store.swapRegister(storeKey('h/new'), null, new Uint8Array(5)),
            store.swapRegister(register, etag, new Uint8Array(5), { reclaims: true }),
            store.delete([key]),
            store.delete([register]),
          ]) {
            await expect(write).rejects.toMatchObject({ code: 'read-only' });
          }
          await expect(openStore(join(disk.path, 'another'))).rejects.toMatchObject({ code: 'read-only' });
          expect(await store.getBlob(key, { offset: 0, length: 99 })).toHaveLength(10);
          await store.close();
          disk.remount('rw');
          store = await openStore(root);
          await store.delete([key, register]);
        });
      });
    }
  });

if (problem !== undefined) {
  test(`tests on small disks are left out: ${problem}`, () => {
    expect(process.env.CI).toBeUndefined();
  });
}
