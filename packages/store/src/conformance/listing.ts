import { expect } from 'vitest';
import { storeKey } from '../keys.js';
import type { Rule } from './index.js';
import { expectCode, listAll, text } from './samples.js';

export const listingRules: readonly Rule[] = [
  {
    id: 'list gives the objects under a prefix with their sizes, wherever the prefix ends',
    check: async ({ store, another }) => {
      const sizes = new Map<string, number>();
      for (const key of ['b/s1/aa/aab', 'b/s1/aa/aac', 'b/s1/ab/abc', 'b/s2/aa/aad', 'c/one']) {
        await store.putBlob(storeKey(key), new Uint8Array(key.length * 1000));
        sizes.set(key, key.length * 1000);
      }
      for (const key of ['h/abcd', 'h/abce', 'h/b', 'm', 'vault', 'vault.2', 'w/s1']) {
        const etag = await store.swapRegister(storeKey(key), null, text('first value, longer than the next'));
        await store.swapRegister(storeKey(key), etag, text(key));
        sizes.set(key, key.length);
      }
      const reader = await another();
      const prefixes = [
        '',
        'b',
        'b/',
        'b/s',
        'b/s1',
        'b/s1/',
        'b/s1/a',
        'b/s1/aa',
        'b/s1/aa/',
        'b/s1/aa/aa',
        'b/s1/aa/aab',
      ];
      prefixes.push(
        'h',
        'h/',
        'h/a',
        'h/ab',
        'h/abc',
        'h/abcd',
        'h/abcde',
        'v',
        'vault',
        'vault.',
        'm',
        'w/s1',
        'nothing',
        'h/b/c',
      );
      for (const prefix of prefixes) {
        const expected = [...sizes]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1));
        expect((await listAll(reader, prefix)).map((object) => [object.key, object.size])).toEqual(expected);
      }
    },
  },
  {
    id: 'listed objects carry a date of the store',
    check: async ({ store }) => {
      const before = (await store.clock()) - 3000;
      await store.putBlob(storeKey('b/s/aa/x'), text('x'));
      await store.swapRegister(storeKey('h/x'), null, text('x'));
      const after = (await store.clock()) + 3000;
      const objects = await listAll(store, '');
      expect(objects).toHaveLength(2);
      for (const object of objects) {
        expect(object.modifiedAt).toBeGreaterThanOrEqual(before);
        expect(object.modifiedAt).toBeLessThanOrEqual(after);
      }
    },
  },
  {
    id: 'an empty store lists nothing',
    check: async ({ store }) => {
      expect(await listAll(store, '')).toEqual([]);
      expect(await listAll(store, 'b/')).toEqual([]);
    },
  },
  {
    id: 'objects may come and go during a listing, and the others are still listed',
    check: async ({ store }) => {
      const keys = Array.from({ length: 300 }, (_, i) =>
        storeKey(`b/s/${String(i % 50).padStart(2, '0')}/x${i}`),
      );
      await Promise.all(keys.map((key) => store.putBlob(key, text(key))));
      const doomed = keys.filter((_, i) => i % 3 === 0);
      const seen = new Set<string>();
      for await (const object of store.list('b/')) {
        if (seen.size === 10) {
          await store.delete(doomed);
          await store.putBlob(storeKey('b/s/99/new'), text('new'));
        }
        seen.add(object.key);
      }
      const gone = new Set<string>(doomed);
      for (const key of keys) if (!gone.has(key)) expect(seen.has(key)).toBe(true);
    },
  },
  {
    id: 'a listing can be left early',
    check: async ({ store }) => {
      for (let i = 0; i < 20; i += 1) await store.putBlob(storeKey(`b/s/aa/x${i}`), text('x'));
      for await (const object of store.list('')) {
        expect(object.size).toBe(1);
        break;
      }
      expect(await listAll(store, '')).toHaveLength(20);
    },
  },
  {
    id: 'what cannot begin a key is no prefix',
    check: async ({ store }) => {
      for (const prefix of ['/', 'a//', '../', 'a/../', './', 'A', 'a*', 'x'.repeat(121)]) {
        await expectCode('invalid-key', listAll(store, prefix));
      }
    },
  },
  {
    id: 'free space is told, or declared not to be',
    check: async ({ store }) => {
      if (!store.capabilities.freeSpace) {
        await expectCode('unsupported', store.freeSpace());
        return;
      }
      const { total, available } = await store.freeSpace();
      expect(available).toBeGreaterThanOrEqual(0);
      expect(total).toBeGreaterThanOrEqual(available);
    },
  },
];
