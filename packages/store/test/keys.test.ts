import { isStoreError, MAX_KEY_BYTES, StoreError, storeKey, storePrefix } from '@latchkey/store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('keys', () => {
  test('are components of the alphabet joined by slashes, and nothing else', () => {
    const component = fc
      .string({ unit: fc.constantFrom(...'abz019.-'), minLength: 1, maxLength: 20 })
      .filter((text) => text !== '.' && text !== '..');
    fc.assert(
      fc.property(fc.array(component, { minLength: 1, maxLength: 5 }), (components) => {
        const text = components.join('/');
        expect(storeKey(text)).toBe(text);
        for (let end = 0; end <= text.length; end += 1)
          expect(storePrefix(text.slice(0, end))).toBe(text.slice(0, end));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 10 }), (text) => {
        fc.pre(!/^[a-z0-9./-]*$/.test(text));
        expect(() => storeKey(text)).toThrow(StoreError);
        expect(() => storePrefix(text)).toThrow(StoreError);
      }),
    );
  });

  test('have a longest length', () => {
    expect(storeKey('a'.repeat(MAX_KEY_BYTES))).toHaveLength(120);
    expect(() => storeKey('a'.repeat(MAX_KEY_BYTES + 1))).toThrow('not a store key');
  });

  test.each(['', '/', '.', '..', 'a/..', '../a', './a', 'a/./b', 'a//b', '/a', 'a/', 'a\n', 'A', 'a\\b'])(
    'exclude %j',
    (text) => {
      expect(() => storeKey(text)).toThrow(StoreError);
    },
  );

  test('a prefix may end in dots that can still grow into a name', () => {
    expect(storePrefix('a/..')).toBe('a/..');
    expect(() => storePrefix('a/../')).toThrow(StoreError);
  });
});

describe('errors', () => {
  test('keep their code and cause', () => {
    const cause = new Error('below');
    const error = new StoreError('conflict', 'words', { cause });
    expect(error).toMatchObject({ name: 'StoreError', code: 'conflict', message: 'words', cause });
    expect(isStoreError(error)).toBe(true);
    expect(isStoreError(error, 'conflict')).toBe(true);
    expect(isStoreError(error, 'no-space')).toBe(false);
    expect(isStoreError(cause)).toBe(false);
  });
});
