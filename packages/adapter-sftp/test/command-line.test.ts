import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandLineError, parseCommandLine } from '../src/exec/command-line.js';

describe('command lines', () => {
  test.each([
    ['md5sum file', [['md5sum', 'file']]],
    ["echo 'abc' | md5sum", [['echo', 'abc'], ['md5sum']]],
    [`echo $${'{ShellId}'}%ComSpec%`, [['echo', '%ComSpec%']]],
    ['echo "$HOME x" $NOTHING y', [['echo', ' x', 'y']]],
    ['sha1sum /a\\ b\\\\c', [['sha1sum', '/a b\\c']]],
    ["md5sum 'it'\\''s'", [['md5sum', "it's"]]],
    ['echo "a\\"b\\c"', [['echo', 'a"b\\c']]],
    ["echo '' x", [['echo', '', 'x']]],
    ['echo $ 5$', [['echo', '$', '5$']]],
  ])('%s', (line, expected) => {
    expect(parseCommandLine(line)).toEqual(expected);
  });

  test.each([
    'a; b',
    'a && b',
    'a > b',
    'a < b',
    '`a`',
    'echo $(a)',
    'echo "`a`"',
    '(a)',
    "echo 'a",
    'echo "a',
    'a |',
    '',
    '  ',
    'a\\',
    'a\nb',
  ])('%j is refused', (line) => {
    expect(() => parseCommandLine(line)).toThrow(CommandLineError);
  });

  test('any words come back from their quoted form', () => {
    const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 10 }), (words) => {
        expect(parseCommandLine(words.map(quote).join(' '))).toEqual([words]);
      }),
    );
  });

  test('no line crashes the parser', () => {
    const line = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '$', '{', '}', '|', ';', '`') });
    fc.assert(
      fc.property(line, (text) => {
        try {
          parseCommandLine(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CommandLineError);
        }
      }),
    );
  });
});
