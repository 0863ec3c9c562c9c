import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/registry.js';
import { type Line, LineReader } from '../src/control/line-reader.js';
import { decodeText, parseCommand } from '../src/control/parse.js';
import { formatReply, reply } from '../src/control/replies.js';
import { FromWire, ToWire } from '../src/data/ascii.js';
import { filterBy, matches } from '../src/listing/pattern.js';
import { splitPath } from '../src/session/paths.js';
import { formatTime, parseTime } from '../src/session/times.js';
import { type Fixture, startFixture } from './support/fixture.js';

const MAX = 64;

function readAll(pieces: readonly Uint8Array[]): Line[] {
  const reader = new LineReader(MAX);
  return pieces.flatMap((piece) => reader.push(Buffer.from(piece)));
}

/** `bytes` cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length));
}

/** Bytes among which those that mean something are frequent. */
const noise = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x0a, 0x0d, 0x00, 0xff, 0xf4, 0xf2, 0x20, 0x22),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 300 },
  )
  .map((bytes) => Uint8Array.from(bytes));

describe('lines', () => {
  test('are the same however the bytes arrive', () => {
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 10 }), (bytes, places) => {
        expect(readAll(cut(bytes, places))).toEqual(readAll([bytes]));
      }),
    );
  });

  test('are as many as there are LFs, and none is too long or has what no line may have', () => {
    fc.assert(
      fc.property(noise, (bytes) => {
        const lines = readAll([bytes]);
        expect(lines).toHaveLength(bytes.filter((byte) => byte === 0x0a).length);
        for (const line of lines) {
          if (!('text' in line)) continue;
          expect(line.text.length).toBeLessThanOrEqual(MAX);
          for (const byte of [0x00, 0x0a, 0x0d]) expect(line.text.includes(byte)).toBe(false);
        }
      }),
    );
  });

  test('keep every argument as it was sent', () => {
    const verb = fc.stringMatching(/^[A-Za-z]{3,8}$/);
    const argument = fc
      .string({ unit: 'binary', maxLength: 12 })
      .map((text) => text.replace(/[\0\r\n]/g, ''));
    fc.assert(
      fc.property(verb, argument, (name, text) => {
        const [line] = readAll([Buffer.from(`${name} ${text}\r\n`)]);
        if (line === undefined || !('text' in line)) throw new Error('no line');
        const parsed = parseCommand(decodeText(line.text, 'refuse') ?? '');
        expect(parsed).toEqual({ verb: name.toUpperCase(), argument: Buffer.from(text).toString() });
      }),
    );
  });
});

describe('replies', () => {
  test('end where they should, whatever their text is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 599 }),
        fc.array(fc.string(), { minLength: 1 }),
        (code, lines) => {
          const sent = formatReply(reply(code, ...lines));
          expect(sent.endsWith('\r\n')).toBe(true);
          const received = sent.slice(0, -2).split('\r\n');
          expect(received).toHaveLength(lines.length);
          const last = received.findIndex((line) => line.startsWith(`${code} `));
          expect(last).toBe(lines.length - 1);
        },
      ),
    );
  });
});

describe('paths', () => {
  test('never hold what could lead out of the root', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', '/', '//'), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (from, to) => {
        const base = splitPath(from.join('/'), []);
        for (const name of splitPath(to.join('/'), base)) {
          expect(['', '.', '..']).not.toContain(name);
          expect(name).not.toContain('/');
        }
      }),
    );
  });
});

describe('TYPE A', () => {
  const text = fc
    .array(fc.constantFrom(0x0d, 0x0a, 0x61), { maxLength: 40 })
    .map((bytes) => Buffer.from(bytes));
  const convert = (
    converter: { convert(bytes: Uint8Array): Buffer },
    pieces: readonly Uint8Array[],
  ): Buffer => Buffer.concat(pieces.map((piece) => converter.convert(piece)));

  test('does not depend on how the bytes are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 6 }), (bytes, places) => {
        const up = new FromWire();
        const stored = Buffer.concat([convert(up, cut(bytes, places)), up.end()]);
        expect(stored.toString()).toBe(bytes.toString().replaceAll('\r\n', '\n'));
        const sent = convert(new ToWire(), cut(bytes, places));
        expect(sent.toString()).toBe(bytes.toString().replace(/(?<!\r)\n/g, '\r\n'));
      }),
    );
  });

  test('brings text with LF back as it was', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z\n]*$/), (lines) => {
        const up = new FromWire();
        const wire = new ToWire().convert(Buffer.from(lines));
        expect(Buffer.concat([up.convert(wire), up.end()]).toString()).toBe(lines);
      }),
    );
  });
});

describe('patterns', () => {
  test('choose of a page what matches, and let others run in between', async () => {
    const page = Array.from({ length: 2_000 }, (_, index) => ({ name: `${'a'.repeat(900)}${index}` }));
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const found = await filterBy<{ name: string }>(`${'*a'.repeat(40)}*1999`)(page);
    running = false;
    expect(found).toEqual(page.slice(-1));
    expect(turns).toBeGreaterThan(0);
  });

  test('match what the same regular expression matches, and long ones take no longer', () => {
    const piece = fc.stringMatching(/^[ab*?]{0,8}$/);
    fc.assert(
      fc.property(piece, fc.stringMatching(/^[ab]{0,8}$/), (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matches(pattern, name)).toBe(expression.test(name));
      }),
    );
    expect(matches(`${'*a'.repeat(500)}b`, 'a'.repeat(1_000))).toBe(false);
  });
});

describe('times', () => {
  test('come back to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_000_000_000, max: 253_402_300_799 }), (seconds) => {
        expect(parseTime(formatTime({ seconds, nanoseconds: 0 }))).toEqual({ seconds, nanoseconds: 0 });
      }),
    );
  });

  test.each([
    '',
    '2001',
    '20011303040506',
    '20010230040506',
    '20010203240506',
    '20010203046006',
    '2001020304050x',
  ])('%j is no time', (text) => {
    expect(parseTime(text)).toBe(undefined);
  });

  test('fractions and times without seconds are taken', () => {
    expect(parseTime('20010203040506.25')).toEqual({ seconds: 981_173_106, nanoseconds: 250_000_000 });
    expect(parseTime('200102030405')).toEqual({ seconds: 981_173_100, nanoseconds: 0 });
  });
});

describe('a server', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture({ limits: { dataConnectMs: 5, loginAttempts: 1_000_000 } });
  });
  afterAll(() => fixture.close());

  test('answers every line of nonsense with one final reply and lives', async () => {
    const client = await fixture.logIn();
    const quiet = new Set(['QUIT', 'AUTH', 'USER', 'PASS', 'REIN', 'ABOR']);
    const verb = fc.oneof(
      fc.constantFrom(...Object.keys(COMMANDS).filter((name) => !quiet.has(name))),
      fc.stringMatching(/^[!-~]{1,6}$/).filter((name) => !quiet.has(name.toUpperCase())),
    );
    const argument = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '',
        '-la',
        '/',
        '..',
        '"',
        '" 1',
        '1 2 3',
        '|',
        '|||',
        '1,2,3,4,5,6',
        '0',
        '*',
        'CHMOD',
        'UTIME x',
      ),
    );
    await fc.assert(
      fc.asyncProperty(verb, argument, async (name, text) => {
        client.send(`${name} ${text.replace(/[\r\n]/g, '')}\r\n`);
        let answer = await client.reply();
        if (answer?.code === 150) answer = await client.reply();
        expect(answer?.code).toBeGreaterThanOrEqual(200);
        expect(answer?.code).toBeLessThan(560);
        expect(answer?.code).not.toBe(421);
      }),
      { numRuns: 400 },
    );
    await client.command('NOOP', 200);
    expect(fixture.log.filter(({ message }) => message === 'a command failed')).toEqual([]);
  });

  test('outlives bytes of any kind', async () => {
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const client = await fixture.connect();
        client.send(Buffer.concat([bytes, Buffer.from('\r\nNOOP\r\n')]));
        // Whatever came before, the last line is answered.
        let answer = await client.reply();
        while (answer !== undefined && answer.code !== 200 && answer.code !== 221)
          answer = await client.reply();
        expect(answer?.code).toBeDefined();
        client.destroy();
      }),
      { numRuns: 60 },
    );
  });
});
