import { expect } from 'vitest';
import { isStoreError } from '../errors.js';
import type { ETag, Store, StoreKey } from '../store.js';
import type { Rule } from './index.js';
import { currentValue, expectSame, registerKey, sampleBytes, string, text } from './samples.js';

/** Sequential probes prove nothing: real engines pass them and let several concurrent writers win. */
const CONTENDERS = 32;
const ROUNDS = 12;

/** One round: everyone swaps from `expected` at once. Returns the winners' tags by contender. */
async function contend(
  stores: readonly Store[],
  key: StoreKey,
  expected: ETag | null,
  round: number,
): Promise<Map<number, ETag>> {
  const winners = new Map<number, ETag>();
  await Promise.all(
    Array.from({ length: CONTENDERS }, async (_, contender) => {
      // Different sizes, so that the contenders' writes end at different times.
      const value = text(`${round}.${contender} ${'x'.repeat(contender * 997)}`);
      try {
        winners.set(contender, await stores[contender % stores.length]!.swapRegister(key, expected, value));
      } catch (error) {
        if (!isStoreError(error, 'conflict')) throw error;
      }
    }),
  );
  return winners;
}

export const raceRules: readonly Rule[] = [
  {
    id: 'of 32 concurrent swaps exactly one wins, round after round, the first included',
    check: async ({ store, another }) => {
      const stores = [store, await another(), await another()];
      const key = registerKey();
      let etag: ETag | null = null;
      for (let round = 0; round < ROUNDS; round += 1) {
        const winners: Map<number, ETag> = await contend(stores, key, etag, round);
        expect([...winners.keys()]).toHaveLength(1);
        const [winner, tag] = [...winners][0]!;
        const state = await currentValue(store, key);
        expect(state.etag).toBe(tag);
        expect(string(state.bytes).split(' ')[0]).toBe(`${round}.${winner}`);
        etag = tag;
      }
    },
  },
  {
    id: 'counting by writers who retry after a conflict loses no step',
    check: async ({ store, another }) => {
      const stores = [store, await another()];
      const key = registerKey();
      await store.swapRegister(key, null, text('0'));
      const writers = 8;
      const steps = 6;
      await Promise.all(
        Array.from({ length: writers }, async (_, contender) => {
          const mine = stores[contender % stores.length]!;
          for (let done = 0; done < steps; ) {
            const { bytes, etag } = await currentValue(mine, key);
            try {
              await mine.swapRegister(key, etag, text(String(Number(string(bytes)) + 1)));
              done += 1;
            } catch (error) {
              if (!isStoreError(error, 'conflict')) throw error;
            }
          }
        }),
      );
      expect(string((await currentValue(store, key)).bytes)).toBe(String(writers * steps));
    },
  },
  {
    id: 'readers during swaps never find the register absent, torn or going back',
    check: async ({ store, another }) => {
      const key = registerKey();
      const size = 100_000;
      const value = (number: number) => {
        const bytes = sampleBytes(size, number);
        new DataView(bytes.buffer).setUint32(0, number);
        return bytes;
      };
      let etag = await store.swapRegister(key, null, value(0));
      let writing = true;
      const read = async (reader: Store): Promise<number> => {
        let last = 0;
        let reads = 0;
        while (writing || reads === 0) {
          const { bytes } = await currentValue(reader, key);
          const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
          expect(number).toBeGreaterThanOrEqual(last);
          expectSame(bytes, value(number));
          last = number;
          reads += 1;
          await new Promise((resolve) => setImmediate(resolve));
        }
        return reads;
      };
      const readers = Promise.all([store, await another(), await another()].map(read));
      // Looked at when the writer is done; until then a failing reader must not count as unhandled.
      readers.catch(() => {});
      try {
        for (let number = 1; number <= 60; number += 1) {
          etag = await store.swapRegister(key, etag, value(number));
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        writing = false;
      }
      for (const reads of await readers) expect(reads).toBeGreaterThan(0);
    },
  },
];
