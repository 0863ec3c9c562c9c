import { decode as oracleDecode, encode as oracleEncode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CborValue, decodeCbor, EncryptionError, encodeCbor } from '../src/index.js';
import { toHex } from './bytes.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const integer = fc.oneof(fc.nat(70_000), fc.maxSafeInteger());
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    integer,
    fc.boolean(),
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 6 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.nat(300), fc.maxSafeNat(), text), tie('value')), {
        maxLength: 6,
        selector: ([key]) => key,
      })
      .map((entries) => new Map(entries)),
  ),
}));

const STRICT = {
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
} as const;

/** Whether the oracle reads the bytes as a value of ours and writes the same bytes for it. */
function oracleAccepts(bytes: Uint8Array): boolean {
  try {
    const decoded: unknown = oracleDecode(bytes, STRICT);
    return isOurs(decoded, 0) && toHex(oracleEncode(decoded, rfc8949EncodeOptions)) === toHex(bytes);
  } catch {
    return false;
  }
}

function isOurs(item: unknown, depth: number): boolean {
  if (typeof item === 'number') return Number.isSafeInteger(item);
  if (typeof item === 'boolean' || typeof item === 'string' || item instanceof Uint8Array) return true;
  if (depth >= 8) return false;
  if (Array.isArray(item)) return item.every((part) => isOurs(part, depth + 1));
  if (!(item instanceof Map)) return false;
  return [...item].every(
    ([key, part]) =>
      (typeof key === 'string' || (Number.isSafeInteger(key) && key >= 0)) && isOurs(part, depth + 1),
  );
}

function accepts(bytes: Uint8Array): boolean {
  try {
    expect(toHex(encodeCbor(decodeCbor(bytes)))).toBe(toHex(bytes));
    return true;
  } catch (error) {
    if (error instanceof EncryptionError) return false;
    throw error;
  }
}

describe('canonical cbor', () => {
  test('writes what cborg writes', () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(toHex(encodeCbor(item))).toBe(toHex(oracleEncode(item, rfc8949EncodeOptions)));
      }),
      { numRuns: 500 },
    );
  });

  test('reads back what it wrote', () => {
    fc.assert(
      fc.property(value, (item) => {
        expect(decodeCbor(encodeCbor(item))).toEqual(item);
      }),
      { numRuns: 500 },
    );
  });

  test('accepts arbitrary short bytes exactly when cborg reads and rewrites them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), (bytes) => {
        expect(accepts(bytes)).toBe(oracleAccepts(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  test('accepts every three-byte string exactly when cborg does', () => {
    const differing: string[] = [];
    for (let first = 0; first < 256; first++) {
      for (const second of [0, 1, 0x17, 0x18, 0x20, 0x40, 0x60, 0x61, 0x7f, 0x80, 0xa0, 0xf4, 0xf9, 0xff]) {
        for (const third of [0, 1, 0x18, 0x41, 0x80, 0xc3, 0xff]) {
          const bytes = Uint8Array.of(first, second, third);
          if (accepts(bytes) !== oracleAccepts(bytes)) differing.push(toHex(bytes));
        }
      }
    }
    expect(differing).toEqual([]);
  });

  test('a changed byte of a valid value is accepted exactly when cborg accepts it', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(255), (item, at, byte) => {
        const bytes = encodeCbor(item);
        bytes[at % bytes.length] = byte;
        expect(accepts(bytes)).toBe(oracleAccepts(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test('refuses numbers and strings that have no one encoding', () => {
    for (const bad of [0.5, Number.NaN, 2 ** 53, -(2 ** 53), '\ud800']) {
      expect(() => encodeCbor(bad)).toThrow(EncryptionError);
    }
    expect(() => encodeCbor(new Map([[-1, 1]]))).toThrow(EncryptionError);
  });

  test('leaves nothing of one value in the memory used for the next', () => {
    const secret = encodeCbor(new Uint8Array(100).fill(0xee));
    const next = encodeCbor(1);
    expect(next.buffer.byteLength).toBe(1);
    expect(secret.length).toBe(102);
  });
});
