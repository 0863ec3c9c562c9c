import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../src/commands/cat.js';
import { weakness } from '../src/passphrase/strength.js';
import { bytes, duration, isoTime, modeString, parseBytes, parseSpan } from '../src/terminal/figures.js';
import { printable } from '../src/terminal/printable.js';
import { Progress } from '../src/terminal/progress.js';
import { requireLocalName } from '../src/transfer/local-target.js';
import { isWithin, parsePlace, parseVaultPath } from '../src/vault-path.js';

describe('names of local files', () => {
  const anywhere = ['', '.', '..', '/', 'a/b', '../a', 'a\0b'];
  const onWindows = [
    '..\\..\\a',
    'C:',
    'C:a',
    '\\\\host\\a',
    'a:stream',
    'NUL',
    'con.txt',
    'Com1',
    'lpt\u00b9.x',
    'aux .c',
    'a.',
    'a ',
    '...',
    'a?',
    'a\n',
  ];

  it('lead nowhere but into the directory that they are for', () => {
    for (const name of anywhere)
      for (const platform of ['linux', 'darwin', 'win32'] as const)
        expect(() => requireLocalName(name, platform), name).toThrow();
    for (const name of onWindows) {
      expect(() => requireLocalName(name, 'win32'), name).toThrow();
      expect(() => requireLocalName(name, 'linux'), name).not.toThrow();
    }
    for (const name of ['a', '.a', 'a.b', 'console', 'com', 'com10', 'nul-', 'ä b', '..a'])
      expect(() => requireLocalName(name, 'win32'), name).not.toThrow();
  });
});

describe('printable', () => {
  it('leaves nothing that a terminal obeys, and no two names alike', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (name) => {
        const shown = printable(name);
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(seen.get(shown) ?? name).toBe(name);
        seen.set(shown, name);
      }),
    );
  });

  it.each([
    ['a\nb', 'a\\nb'],
    ['\u001b[31mred', '\\x1b[31mred'],
    ['gpj.\u202eexe', 'gpj.\\u{202e}exe'],
    ['back\\slash', 'back\\\\slash'],
    ['grüße 👩‍🚀.txt', 'grüße 👩‍🚀.txt'],
    ['\ud800', '\\u{d800}'],
  ])('shows %j as %j', (name, shown) => {
    expect(printable(name)).toBe(shown);
  });
});

describe('figures', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10 * 1024 * 1024, '10.0 MiB'],
    [200 * 2 ** 30, '200 GiB'],
  ])('says %d bytes', (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it('reads sizes and spans', () => {
    expect(parseBytes('64MiB')).toBe(67_108_864);
    expect(parseBytes('1.5K')).toBe(1536);
    expect(parseBytes('12 apples')).toBeUndefined();
    expect(parseBytes('99999999T')).toBeUndefined();
    expect(parseSpan('24h')).toBe(86_400_000);
    expect(parseSpan('24')).toBeUndefined();
  });

  it('says spans, times and modes', () => {
    expect([duration(42), duration(187), duration(7500)]).toEqual(['42s', '3m07s', '2h05m']);
    expect(isoTime({ seconds: -1, nanoseconds: 5 })).toBe('1969-12-31T23:59:59.000000005Z');
    expect(isoTime({ seconds: 1e15, nanoseconds: 0 })).toBe('@1000000000000000');
    expect(modeString('file', 0o640)).toBe('-rw-r-----');
    expect(modeString('directory', 0o755)).toBe('drwxr-xr-x');
  });
});

describe('a path', () => {
  it('is in the vault with the prefix, local without', () => {
    expect(parsePlace('vault:/a//b/')).toMatchObject({ where: 'vault', path: ['a', 'b'], asDirectory: true });
    expect(parsePlace('vault:')).toMatchObject({ where: 'vault', path: [] });
    expect(parsePlace('./vault:x')).toMatchObject({ where: 'local', path: './vault:x' });
    expect(parsePlace('-')).toMatchObject({ where: 'stream' });
  });

  it.each(['vault:/a/../b', 'vault:/./a', '/a', 'a', ''])(
    '%j is refused where a vault path is wanted',
    (text) => {
      expect(() => parseVaultPath(text)).toThrow(expect.objectContaining({ outcome: 'usage' }));
    },
  );

  it('lies within its ancestors by names, not by letters', () => {
    expect(isWithin(['a', 'b'], ['a'])).toBe(true);
    expect(isWithin(['ab'], ['a'])).toBe(false);
  });
});

describe('a range', () => {
  it('counts both ends', () => {
    expect(parseRange('0-99')).toEqual({ offset: 0, length: 100 });
    expect(parseRange('100-')).toEqual({ offset: 100 });
    expect(parseRange('-100')).toEqual({ last: 100 });
  });

  it.each(['', '-', '5-4', '1,2', 'x-y', '0x1-2'])('%j is refused', (text) => {
    expect(() => parseRange(text)).toThrow('--range');
  });
});

describe('a passphrase', () => {
  it.each([
    'short',
    'aaaaaaaaaaaaaaaa',
    '1234567890123',
    'abcdefghijklmnop',
    'password1234',
    'latchkeylatchkey1',
  ])('%j is weak', (text) => {
    expect(weakness(text)).toBeTypeOf('string');
  });

  it.each([PASS(), 'g7Q!zr04-Lm2', 'überraschend leise Ziegen'])('%j is taken', (text) => {
    expect(weakness(text)).toBeUndefined();
  });
});

function PASS(): string {
  return 'seven quiet otters paint at dusk';
}

describe('the progress line', () => {
  it('has no percentage before the whole is known, and rate and time left afterwards', () => {
    const progress = new Progress();
    progress.expect(4, 4096);
    expect(progress.line(0, 200)).not.toContain('%');
    progress.advance(1024);
    progress.finishFile();
    progress.settle();
    expect(progress.line(1000, 200)).toMatch(
      /25% {2}1\/4 files {2}1\.00 KiB of 4\.00 KiB {2}1\.00 KiB\/s {2}3s left$/,
    );
    expect(progress.line(2000, 30)).toHaveLength(29);
  });
});
