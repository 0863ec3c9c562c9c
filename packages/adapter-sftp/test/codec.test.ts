import type { Entry } from '@latchkey/vault';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAttributes, wireSeconds, writeAttributes } from '../src/codec/attributes.js';
import { longName, modeString } from '../src/codec/longname.js';
import { MalformedPacketError, PacketReader } from '../src/codec/reader.js';
import { PacketWriter } from '../src/codec/writer.js';
import { DEFAULT_OWNER } from '../src/config.js';
import { packed } from '../src/session/reply-stream.js';

type Field =
  | { kind: 'uint8' | 'uint32' | 'uint64'; value: number }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'text'; value: string };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('uint8' as const), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('uint32' as const), value: fc.integer({ min: 0, max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('uint64' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
);

function put(writer: PacketWriter, item: Field): void {
  if (item.kind === 'bytes') writer.bytes(item.value);
  else if (item.kind === 'text') writer.text(item.value);
  else writer[item.kind](item.value);
}

function take(reader: PacketReader, kind: Field['kind']): unknown {
  if (kind === 'bytes') return new Uint8Array(reader.bytes());
  if (kind === 'text') return reader.bytes().toString();
  return reader[kind]();
}

function entry(changes: Partial<Entry> = {}): Entry {
  return {
    name: 'report.txt',
    kind: 'file',
    size: 1234,
    modified: { seconds: 1_700_000_000, nanoseconds: 0 },
    created: { seconds: 0, nanoseconds: 0 },
    mode: 0o640,
    metadata: new Map(),
    revision: 1,
    id: '00',
    draft: false,
    ...changes,
  };
}

describe('reader and writer', () => {
  test('read what was written', () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const writer = new PacketWriter(7, 1);
        for (const item of fields) put(writer, item);
        const packet = writer.finish();
        expect(packet.readUInt32BE(0)).toBe(packet.length - 4);
        const reader = new PacketReader(packet.subarray(4));
        expect(reader.uint8()).toBe(7);
        for (const item of fields) expect(take(reader, item.kind)).toEqual(item.value);
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('throw for every packet that ends early', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), fc.nat(), (fields, where) => {
        const writer = new PacketWriter(7);
        for (const item of fields) put(writer, item);
        const body = writer.finish().subarray(5);
        const reader = new PacketReader(body.subarray(0, where % body.length));
        expect(() => {
          for (const item of fields) take(reader, item.kind);
        }).toThrow(MalformedPacketError);
      }),
    );
  });
});

describe('attributes', () => {
  test('come back as they were written', () => {
    const writer = new PacketWriter(105);
    writeAttributes(writer, entry({ size: 5_000_000_000 }), DEFAULT_OWNER);
    const reader = new PacketReader(writer.finish().subarray(5));
    expect(readAttributes(reader)).toEqual({
      size: 5_000_000_000,
      owner: { uid: 1000, gid: 1000 },
      permissions: 0o100640,
      accessed: 1_700_000_000,
      modified: 1_700_000_000,
    });
  });

  test('bound times to the 32 bits of the protocol', () => {
    expect(wireSeconds(-5)).toBe(0);
    expect(wireSeconds(2 ** 33)).toBe(2 ** 32 - 1);
    expect(wireSeconds(1.9)).toBe(1);
  });

  test('refuse a flood of extended pairs', () => {
    const packet = new PacketWriter(0).uint32(0x80000000).uint32(1_000_000).finish().subarray(5);
    expect(() => readAttributes(new PacketReader(packet))).toThrow('too many');
  });
});

describe('long names', () => {
  const now = 1_700_000_100;

  test('look like ls -l', () => {
    expect(longName(entry(), DEFAULT_OWNER, now)).toBe(
      '-rw-r-----    1 owner    owner        1234 Nov 14 22:13 report.txt',
    );
    const old = entry({ kind: 'directory', size: 0, mode: 0o1777, modified: { seconds: 0, nanoseconds: 0 } });
    expect(longName(old, DEFAULT_OWNER, now)).toBe(
      'drwxrwxrwt    1 owner    owner           0 Jan  1  1970 report.txt',
    );
  });

  test.each([
    ['symlink', 0o777, 'lrwxrwxrwx'],
    ['file', 0o4755, '-rwsr-xr-x'],
    ['file', 0o2644, '-rw-r-Sr--'],
    ['directory', 0o1700, 'drwx-----T'],
  ] as const)('%s of mode %o', (kind, mode, expected) => {
    expect(modeString(entry({ kind, mode }))).toBe(expected);
  });
});

test('replies are packed without losing or reordering a byte', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc
      .integer({ min: 20_000, max: 100_000 })
      .map((size) => new Uint8Array(size).map((_, index) => index & 255)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parts = packed(pieces);
      expect(Buffer.concat(parts).equals(Buffer.concat(pieces))).toBe(true);
      for (const part of parts.slice(0, -1)) expect(part.length % 32_768).toBe(0);
    }),
    { numRuns: 100 },
  );
});
