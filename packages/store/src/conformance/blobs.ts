import { expect } from 'vitest';
import type { StoreKey } from '../store.js';
import type { Rule } from './index.js';
import { blobKey, expectCode, expectSame, listAll, sampleBytes } from './samples.js';

const MIB = 1024 * 1024;
const EVERYTHING = { offset: 0, length: 64 * MIB };

/** A source of `count` chunks that uses one buffer for all of them, as the interface allows. */
async function* reused(whole: Uint8Array, chunk: number): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(chunk);
  for (let at = 0; at < whole.length; at += chunk) {
    const part = whole.subarray(at, at + chunk);
    buffer.set(part);
    yield buffer.subarray(0, part.length);
    buffer.fill(0xee);
  }
}

export const blobRules: readonly Rule[] = [
  {
    id: 'a blob reads back, at every size around the usual buffers',
    check: async ({ store, another }) => {
      const kept: [StoreKey, Uint8Array][] = [];
      for (const size of [0, 1, 4095, 65_535, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 3 * MIB + 17]) {
        for (const streamed of [false, true]) {
          const key = blobKey();
          const bytes = sampleBytes(size, size + 1);
          await store.putBlob(key, streamed ? reused(bytes, 50_000) : bytes);
          kept.push([key, bytes]);
        }
      }
      const reader = await another();
      for (const [key, bytes] of kept) expectSame(await reader.getBlob(key, EVERYTHING), bytes);
    },
  },
  {
    id: 'ranges are exact at both edges and empty beyond the end',
    check: async ({ store }) => {
      for (const size of [1000, 300_000]) {
        const key = blobKey();
        const bytes = sampleBytes(size, 5);
        await store.putBlob(key, bytes);
        const offsets = [0, 1, size - 1, size, size + 1, size * 2, Number.MAX_SAFE_INTEGER];
        const lengths = [0, 1, size - 1, size, size + 1, Number.MAX_SAFE_INTEGER];
        for (const offset of offsets) {
          for (const length of lengths) {
            const expected = bytes.subarray(Math.min(offset, size), Math.min(offset + length, size));
            expectSame(await store.getBlob(key, { offset, length }), expected);
          }
        }
      }
    },
  },
  {
    id: 'memory that is offered holds the bytes if the result is a view of it',
    check: async ({ store }) => {
      const key = blobKey();
      const bytes = sampleBytes(300_000, 6);
      await store.putBlob(key, bytes);
      for (const [offset, length] of [
        [0, 1000],
        [100, 300_000],
        [299_999, 262_208],
        [300_000, 10],
      ] as const) {
        const into = new Uint8Array(length).fill(7);
        const got = await store.getBlob(key, { offset, length }, into);
        expectSame(got, bytes.subarray(offset, offset + length));
        if (got.buffer === into.buffer) expect(got.byteOffset).toBe(0);
      }
    },
  },
  {
    id: 'ranges that are no ranges are refused',
    check: async ({ store }) => {
      const key = blobKey();
      await store.putBlob(key, sampleBytes(10, 1));
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0.5, 1],
        [0, Number.NaN],
        [2 ** 60, 1],
      ] as const) {
        await expectCode('unsupported', store.getBlob(key, { offset, length }));
      }
    },
  },
  {
    id: 'what was returned belongs to the caller, and so does what was given',
    check: async ({ store }) => {
      const key = blobKey();
      const given = sampleBytes(100, 2);
      const original = given.slice();
      await store.putBlob(key, given);
      given.fill(0);
      const first = await store.getBlob(key, EVERYTHING);
      expectSame(first, original);
      first.fill(0);
      expectSame(await store.getBlob(key, EVERYTHING), original);
    },
  },
  {
    id: 'a blob that is not there is not-found',
    check: async ({ store }) => {
      await expectCode('not-found', store.getBlob(blobKey(), { offset: 0, length: 1 }));
      await expectCode('not-found', store.getBlob(blobKey(), { offset: 0, length: 0 }));
    },
  },
  {
    id: 'a source that throws passes its error on and leaves nothing',
    check: async ({ store }) => {
      for (const before of [0, 1, 2 * MIB]) {
        const key = blobKey();
        const failure = new Error('source failed');
        const source = async function* (): AsyncIterable<Uint8Array> {
          if (before > 0) yield sampleBytes(before, 3);
          throw failure;
        };
        await expect(store.putBlob(key, source())).rejects.toBe(failure);
        await expectCode('not-found', store.getBlob(key, { offset: 0, length: 1 }));
        expect(await listAll(store, key)).toEqual([]);
      }
    },
  },
  {
    id: 'a blob is not visible while it is being written',
    check: async ({ store, another }) => {
      const key = blobKey();
      const reader = await another();
      const source = async function* (): AsyncIterable<Uint8Array> {
        for (let i = 0; i < 4; i += 1) {
          yield sampleBytes(MIB, i);
          await expectCode('not-found', reader.getBlob(key, { offset: 0, length: 1 }));
          expect(await listAll(reader, key)).toEqual([]);
        }
      };
      await store.putBlob(key, source());
      expect((await reader.getBlob(key, EVERYTHING)).length).toBe(4 * MIB);
    },
  },
  {
    id: 'putting a blob again, as a retry does, leaves it whole',
    check: async ({ store }) => {
      const key = blobKey();
      const bytes = sampleBytes(200_000, 9);
      await store.putBlob(key, bytes);
      await store.putBlob(key, bytes);
      await Promise.all([store.putBlob(key, bytes), store.putBlob(key, reused(bytes, 1000))]);
      expectSame(await store.getBlob(key, EVERYTHING), bytes);
    },
  },
  {
    id: 'a large stream is read at the pace of the store and never gathered in memory',
    check: async ({ store }) => {
      const key = blobKey();
      const chunk = sampleBytes(256 * 1024, 4);
      const count = 128;
      let inside = 0;
      let most = 0;
      const source: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => {
          let given = 0;
          return {
            next: async () => {
              inside += 1;
              most = Math.max(most, inside);
              await new Promise((resolve) => setImmediate(resolve));
              inside -= 1;
              given += 1;
              return given > count ? { done: true, value: undefined } : { done: false, value: chunk };
            },
          };
        },
      };
      await store.putBlob(key, source);
      // One request at a time: the next chunk is asked for when the store has room for it.
      expect(most).toBe(1);
      for (const index of [0, 1, count / 2, count - 1]) {
        expectSame(await store.getBlob(key, { offset: index * chunk.length, length: chunk.length }), chunk);
      }
      expect(await store.getBlob(key, { offset: count * chunk.length, length: 1 })).toHaveLength(0);
    },
  },
  {
    id: 'many blobs can be written and read at once',
    check: async ({ store }) => {
      const blobs = Array.from({ length: 64 }, (_, i) => [blobKey(), sampleBytes(i * 4001, i + 1)] as const);
      await Promise.all(blobs.map(([key, bytes]) => store.putBlob(key, reused(bytes, 30_000))));
      await Promise.all(
        blobs.map(async ([key, bytes]) => expectSame(await store.getBlob(key, EVERYTHING), bytes)),
      );
    },
  },
  {
    id: 'deleted blobs are gone, missing ones no error, and the key can be used again',
    check: async ({ store }) => {
      const keys = Array.from({ length: 40 }, () => blobKey());
      for (const key of keys.slice(0, 30)) await store.putBlob(key, sampleBytes(10, 1));
      await store.getBlob(keys[0]!, EVERYTHING);
      await store.delete(keys.slice(1));
      expect((await listAll(store, 'b/')).map((object) => object.key)).toEqual([keys[0]]);
      await store.delete([keys[0]!, keys[0]!]);
      await expectCode('not-found', store.getBlob(keys[0]!, EVERYTHING));
      await store.delete([]);
      await store.putBlob(keys[0]!, sampleBytes(11, 2));
      expectSame(await store.getBlob(keys[0]!, EVERYTHING), sampleBytes(11, 2));
    },
  },
];
