import { expect } from 'vitest';
import { storeKey } from '../keys.js';
import { type ETag, MAX_REGISTER_BYTES } from '../store.js';
import type { Rule } from './index.js';
import {
  blobKey,
  currentValue,
  expectCode,
  expectSame,
  registerKey,
  sampleBytes,
  string,
  text,
} from './samples.js';

export const registerRules: readonly Rule[] = [
  {
    id: 'a register that was never set is absent, whatever tag is known',
    check: async ({ store }) => {
      expect(await store.readRegister(registerKey())).toEqual({ status: 'absent' });
      expect(await store.readRegister(registerKey(), '1' as ETag)).toEqual({ status: 'absent' });
    },
  },
  {
    id: 'a swap sets, and every other opening sees it at once',
    check: async ({ store, another }) => {
      const key = registerKey();
      const reader = await another();
      let etag: ETag | null = null;
      for (let i = 0; i < 12; i += 1) {
        etag = await store.swapRegister(key, etag, text(`value ${i}`));
        const seen = await currentValue(reader, key);
        expect(string(seen.bytes)).toBe(`value ${i}`);
        expect(seen.etag).toBe(etag);
      }
    },
  },
  {
    id: 'a known tag that still holds is answered with unchanged, an old one with the value',
    check: async ({ store }) => {
      const key = registerKey();
      const first = await store.swapRegister(key, null, text('one'));
      expect(await store.readRegister(key, first)).toEqual({ status: 'unchanged' });
      const second = await store.swapRegister(key, first, text('two'));
      expect(second).not.toBe(first);
      expect(await store.readRegister(key, second)).toEqual({ status: 'unchanged' });
      expect((await store.readRegister(key, first)).status).toBe('value');
      expect((await store.readRegister(key, 'no tag of this store' as ETag)).status).toBe('value');
    },
  },
  {
    id: 'a swap from any other tag is a conflict and changes nothing',
    check: async ({ store }) => {
      const key = registerKey();
      await expectCode('conflict', store.swapRegister(key, '1' as ETag, text('x')));
      expect(await store.readRegister(key)).toEqual({ status: 'absent' });
      const first = await store.swapRegister(key, null, text('one'));
      const second = await store.swapRegister(key, first, text('two'));
      for (const wrong of [null, first, 'nonsense' as ETag, '' as ETag]) {
        await expectCode('conflict', store.swapRegister(key, wrong, text('x')));
      }
      expect(string((await currentValue(store, key)).bytes)).toBe('two');
      expect((await currentValue(store, key)).etag).toBe(second);
    },
  },
  {
    id: 'values go from empty to the limit and not beyond',
    check: async ({ store }) => {
      const key = registerKey();
      let etag = await store.swapRegister(key, null, new Uint8Array(0));
      expect((await currentValue(store, key)).bytes).toHaveLength(0);
      for (const size of [1, 4096, 65_536, 256 * 1024, MAX_REGISTER_BYTES]) {
        etag = await store.swapRegister(key, etag, sampleBytes(size, size));
        expectSame((await currentValue(store, key)).bytes, sampleBytes(size, size));
      }
      await expectCode('too-large', store.swapRegister(key, etag, new Uint8Array(MAX_REGISTER_BYTES + 1)));
      await expectCode(
        'too-large',
        store.swapRegister(registerKey(), null, new Uint8Array(MAX_REGISTER_BYTES + 1)),
      );
      expect(await store.readRegister(key, etag)).toEqual({ status: 'unchanged' });
    },
  },
  {
    id: 'the bytes of a register are copied in and out',
    check: async ({ store }) => {
      const key = registerKey();
      const given = text('given');
      await store.swapRegister(key, null, given);
      given.fill(0);
      (await currentValue(store, key)).bytes.fill(0);
      expect(string((await currentValue(store, key)).bytes)).toBe('given');
    },
  },
  {
    id: 'a deleted register is absent, and no tag of it means anything in the next one',
    check: async ({ store, another }) => {
      const key = registerKey();
      const tags: ETag[] = [];
      for (let life = 0; life < 5; life += 1) {
        let etag: ETag | null = null;
        for (let i = 0; i < 4; i += 1) {
          etag = await store.swapRegister(key, etag, text(`${life}.${i}`));
          tags.push(etag);
        }
        await (await another()).delete([key]);
        expect(await store.readRegister(key, etag!)).toEqual({ status: 'absent' });
        await expectCode('conflict', store.swapRegister(key, etag, text('x')));
      }
      expect(new Set(tags).size).toBe(tags.length);
    },
  },
  {
    id: 'keys of one component and of several live side by side',
    check: async ({ store }) => {
      const keys = ['m', 'vault', 'vault.2', 'w/a', 'w/ab', 'w/abc', 'h/abcdefgh', 'x/y/z/w'].map(storeKey);
      for (const key of keys) await store.swapRegister(key, null, text(key));
      const blob = blobKey();
      await store.putBlob(blob, text('blob'));
      for (const key of keys) expect(string((await currentValue(store, key)).bytes)).toBe(key);
      await store.delete([keys[0]!, keys[3]!]);
      expect((await store.readRegister(keys[0]!)).status).toBe('absent');
      expect((await store.readRegister(keys[4]!)).status).toBe('value');
    },
  },
  {
    id: 'a swap dates the register by the clock of the store',
    check: async ({ store }) => {
      const key = registerKey();
      // File systems date in steps of up to two seconds and may round down.
      const before = (await store.clock()) - 3000;
      await store.swapRegister(key, null, text('x'));
      const state = await store.readRegister(key);
      const after = (await store.clock()) + 3000;
      if (state.status !== 'value') throw new Error(state.status);
      expect(state.modifiedAt).toBeGreaterThanOrEqual(before);
      expect(state.modifiedAt).toBeLessThanOrEqual(after);
    },
  },
  {
    id: 'texts that are no keys are refused by every method',
    check: async ({ store }) => {
      const bad = [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        '.',
        '..',
        'a/../b',
        './a',
        'A',
        'a_b',
        'a b',
        'ä',
        'a\0',
        'x'.repeat(121),
      ];
      for (const key of bad as never[]) {
        await expectCode('invalid-key', store.getBlob(key, { offset: 0, length: 1 }));
        await expectCode('invalid-key', store.putBlob(key, new Uint8Array(1)));
        await expectCode('invalid-key', store.readRegister(key));
        await expectCode('invalid-key', store.swapRegister(key, null, new Uint8Array(1)));
        await expectCode('invalid-key', store.delete([key]));
      }
      await store.putBlob(storeKey('x'.repeat(120)), text('longest'));
    },
  },
];
