import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkKey,
  compareKeys,
  splitVersionKey,
  versionKey,
  versionOrder,
  versionPlace,
} from '../src/index.js';

const order = fc.maxSafeNat();

describe('keys of versions', () => {
  test('spell the order, and only what they spell is one', () => {
    fc.assert(
      fc.property(order, (one) => {
        const place = versionPlace(one);
        expect(place).toMatch(/^[0-9a-v]{11}$/);
        expect(versionOrder(place)).toBe(one);
      }),
    );
    expect(versionPlace(0)).toBe('7vvvvvvvvvv');
    expect(versionPlace(Number.MAX_SAFE_INTEGER)).toBe('00000000000');
    for (const wrong of ['', '0', '80000000000', '0000000000w', '000000000000', '0000000000A'])
      expect(versionOrder(wrong)).toBeUndefined();
  });

  test('follow the name, the newest first, before every other name', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 5 }),
        order,
        order,
        fc.string({ minLength: 1, maxLength: 3 }),
        (text, a, b, more) => {
          const name = text.replace(/[/\0]/g, '');
          const tail = more.replace(/\0/g, 'x');
          const [newer, older] = [
            versionKey(name, versionPlace(Math.max(a, b))),
            versionKey(name, versionPlace(Math.min(a, b))),
          ];
          if (a !== b) expect(compareKeys(newer, older)).toBeLessThan(0);
          expect(compareKeys(name, newer)).toBeLessThan(0);
          expect(compareKeys(older, name + tail)).toBeLessThan(0);
          checkKey(newer);
          expect(splitVersionKey(newer)).toEqual({ name, place: versionPlace(Math.max(a, b)) });
        },
      ),
    );
  });

  test('are refused with anything else behind the NUL', () => {
    for (const wrong of ['a\0', 'a\0x', 'a\0\0', `a/b\0${versionPlace(1)}`, `a\0${versionPlace(1)}/`])
      expect(() => checkKey(wrong)).toThrow();
    expect(splitVersionKey('a')).toBeUndefined();
  });
});
