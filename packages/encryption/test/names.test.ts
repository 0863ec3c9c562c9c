import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base32Decode, base32Encode, compareKeys, isName, padmeSize, utf8Length } from '../src/index.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom('a', '/', '\u007f', '\u0080', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
    )
    .map((s) => s.join('')),
);

describe('names', () => {
  test('sort as their UTF-8 bytes', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const bytes = Math.sign(
          Buffer.from(a).toString('hex') < Buffer.from(b).toString('hex') ? -1 : a === b ? 0 : 1,
        );
        expect(Math.sign(compareKeys(a, b))).toBe(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('have the length that an encoder gives them, or none', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(utf8Length(text)).toBe(Buffer.byteLength(text));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe100 }), { maxLength: 6 }), (units) => {
        const text = String.fromCharCode(...units);
        const survives = Buffer.from(text).toString() === text;
        expect(utf8Length(text) >= 0).toBe(survives);
      }),
      { numRuns: 1000 },
    );
  });

  test('refused ones', () => {
    expect(['', '.', '..', 'a b', '\u{1f511}'].every(isName)).toBe(true);
    expect(['/', 'a/', '\0', '\ud800', 'x'.repeat(1025)].some(isName)).toBe(false);
  });
});

describe('base32', () => {
  test('comes back, and has one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = base32Encode(bytes);
        expect(text).toMatch(/^[a-z2-7]*$/);
        expect(base32Decode(text)).toEqual(bytes);
      }),
    );
  });
});

describe('padded sizes', () => {
  test('never shrink, cost at most an eighth, and keep few sizes apart', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), (length) => {
        const padded = padmeSize(length);
        expect(padded).toBeGreaterThanOrEqual(length);
        expect(padded - length).toBeLessThanOrEqual(length * 0.12);
        expect(padmeSize(padded)).toBe(padded);
      }),
      { numRuns: 1000 },
    );
    const sizes = new Set(Array.from({ length: 100_000 }, (_, length) => padmeSize(length)));
    expect(sizes.size).toBeLessThan(250);
  });

  test('attack 25: sizes within a bucket cannot be told apart', () => {
    expect(new Set([65_537, 66_000, 67_000, 67_584].map(padmeSize)).size).toBe(1);
  });
});
