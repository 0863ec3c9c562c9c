import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STATUS } from '../src/codec/constants.js';
import { StatusError } from '../src/errors.js';
import { decodePath, formatPath, splitPath } from '../src/paths.js';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/[/\0]/g, '_'))
  .filter((text) => text !== '.' && text !== '..' && Buffer.from(text).toString() === text);

describe('paths', () => {
  test.each([
    ['', []],
    ['.', []],
    ['/', []],
    ['/..', []],
    ['../../etc/passwd', ['etc', 'passwd']],
    ['/a//b/./c/', ['a', 'b', 'c']],
    ['a/../b', ['b']],
    ['/a/b/../../../c', ['c']],
    ['...', ['...']],
    ['/ a /b\n', [' a ', 'b\n']],
    ['C:\\x', ['C:\\x']],
  ])('%j', (text, expected) => {
    expect(decodePath(Buffer.from(text))).toEqual(expected);
  });

  test('a normal path comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(name), (names) => {
        expect(decodePath(Buffer.from(formatPath(names)))).toEqual(names);
      }),
    );
  });

  test('no path leads above the root or keeps a special component', () => {
    const component = fc.oneof(name, fc.constantFrom('.', '..', ''));
    fc.assert(
      fc.property(fc.array(component), (components) => {
        for (const part of splitPath(components.join('/'))) expect(['', '.', '..']).not.toContain(part);
      }),
    );
  });

  test.each([
    [[0x2f, 0xff]],
    [[0xc0, 0xaf]],
    [[0xed, 0xa0, 0x80]],
    [[0xf5, 0x80, 0x80, 0x80]],
    [[0x61, 0x00, 0x62]],
  ])('bytes %j are refused as malformed', (bytes) => {
    expect(() => decodePath(Buffer.from(bytes))).toThrow(
      expect.objectContaining({ status: STATUS.BAD_MESSAGE }),
    );
  });

  test('a byte order mark is part of a name', () => {
    expect(decodePath(Buffer.from([0xef, 0xbb, 0xbf, 0x61]))).toEqual(['\ufeffa']);
  });

  test('names and paths have a greatest length, counted in bytes', () => {
    expect(decodePath(Buffer.from('x'.repeat(1024)))).toEqual(['x'.repeat(1024)]);
    expect(decodePath(Buffer.from('ü'.repeat(512)))).toEqual(['ü'.repeat(512)]);
    expect(() => decodePath(Buffer.from('ü'.repeat(513)))).toThrow(StatusError);
    expect(() => decodePath(Buffer.from('a/'.repeat(20_000)))).toThrow('too long');
  });
});
