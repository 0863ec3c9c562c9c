import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { unpadBox } from '../src/box.js';
import * as format from '../src/index.js';
import { nodeProvider as p } from '../src/node/index.js';
import { decodeMapRef, decodePieces } from '../src/pieces.js';
import { fromHex } from './bytes.js';
import { resign } from './vectors/make-header.js';
import { rawHead } from './vectors/raw-boxes.js';
import { listingOf, makeWorld, recordOf, type World } from './vectors/world.js';

/*
 * Attack 26: decoders given hostile bytes return a value or throw EncryptionError, in time and memory linear in the
 * input. Anything else (RangeError from an allocation, TypeError, a hang) fails these tests.
 */

let world: World;

beforeAll(async () => {
  world = await makeWorld(p, 'fuzzed');
});

function survives(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof format.EncryptionError)) throw error;
  }
}

/** CBOR values of the shapes and sizes that the decoders know, mixed up. */
const { anything } = fc.letrec<{ anything: format.CborValue }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<format.CborValue>(0, 1, 2, -1, 2 ** 53 - 1, true, false, '', 'a', 'a/', '/'),
    fc.constantFrom(0, 8, 16, 26, 32, 64, 80, 112).map((length) => new Uint8Array(length)),
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.array(tie('anything'), { maxLength: 7 }),
    fc.array(fc.tuple(fc.nat(24), tie('anything')), { maxLength: 8 }).map((entries) => new Map(entries)),
  ),
}));

const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  anything.map((value) => format.encodeCbor(value)),
  // Heads of huge strings, arrays and maps with nothing behind them, alone and inside one another.
  fc
    .constantFrom(
      '5b001fffffffffffff',
      '9b001fffffffffffff',
      'bb001fffffffffffff',
      '7a7fffffff',
      '82'.repeat(500),
    )
    .map(fromHex),
  fc
    .constantFrom('LKHEAD1\0', 'LKPAGE1\0', 'LKMAP1\0\0', 'LKSEG1\0\0')
    .chain((magic) =>
      fc
        .uint8Array({ minLength: 12, maxLength: 120 })
        .map((rest) => Uint8Array.of(...new TextEncoder().encode(magic), ...rest)),
    ),
);

describe('attack 26: allocation bombs', () => {
  const decoders: readonly [string, (bytes: Uint8Array) => unknown][] = [
    ['cbor', (bytes) => format.decodeCbor(bytes)],
    ['a header', (bytes) => format.parseHeader(bytes)],
    ['a listing', (bytes) => format.decodeListing(bytes)],
    ['a content', (bytes) => format.decodeContent(bytes)],
    ['a head', (bytes) => format.openHead(p, world.root, world.vaultId, bytes, world.author.publicKey)],
    ['a page', (bytes) => format.openPage(p, world.root, world.vaultId, new Uint8Array(26), bytes)],
    ['a box', (bytes) => format.open(p, world.root.listingKey, 'x', world.vaultId, bytes, bytes)],
    ['a padded box', (bytes) => unpadBox(bytes)],
    ['an escrow box', (bytes) => format.openEscrow(p, world.keys.escrowSecret, world.vaultId, bytes)],
    ['a lease', (bytes) => format.openLease(p, world.vaultId, world.keys.leaseKey, bytes, bytes)],
    [
      'release notes',
      (bytes) => format.openReleases(p, world.root, world.vaultId, new Uint8Array(26), bytes),
    ],
    ['a chain', (bytes) => format.verifyChain(p, world.vaultId, world.keys.signPublic, [bytes])],
    [
      'a record',
      (bytes) => format.verifyRecord(p, world.author, bytes, { ...recordOf(world, 'a'), listing: bytes }),
    ],
    ['escrow of a head', (bytes) => format.headEscrow(bytes)],
    ['escrow of a page', (bytes) => format.pageEscrow(bytes)],
    ['base32', (bytes) => format.base32Decode(String.fromCharCode(...bytes))],
    [
      'a map',
      (bytes) => {
        const ref = {
          blob: new Uint8Array(26),
          key: new Uint8Array(32),
          level: 0,
          count: 0,
          length: 0,
          sha256: p.sha256(bytes),
        };
        return format.openMap(p, world.vaultId, ref, bytes);
      },
    ],
    [
      'a segment',
      (bytes) => {
        const ref = { key: new Uint8Array(32), root: new Uint8Array(32), segmentSize: bytes.length };
        return new format.SegmentOpener(p, world.vaultId, ref, bytes.subarray(0, 80), bytes);
      },
    ],
    ['a scrub', (bytes) => format.scrubSegment(p, bytes.length, bytes.subarray(0, 80), [bytes], bytes)],
  ];

  test.each(decoders)('%s from hostile bytes', (_name, decode) => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        survives(() => decode(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test('fields of a header of any shape, signed by the root key', () => {
    const field = fc.constantFrom(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 23, 24);
    fc.assert(
      fc.property(field, anything, (key, value) => {
        survives(() =>
          format.verifyHeader(p, format.parseHeader(resign(world, { [key]: value })), world.rootSecret),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('fields of a head of any shape, sealed and signed', () => {
    const make = rawHead(world);
    const field = fc.constantFrom(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 19, 20);
    fc.assert(
      fc.property(field, anything, (key, value) => {
        survives(() =>
          format.openHead(p, world.root, world.vaultId, make({ [key]: value }), world.author.publicKey),
        );
      }),
      { numRuns: 400 },
    );
  });

  test('fields of a listing and a content of any shape', () => {
    const listing = format.decodeCbor(listingOf(world)) as ReadonlyMap<number, format.CborValue>;
    fc.assert(
      fc.property(fc.nat(40), anything, (key, value) => {
        survives(() => format.decodeListing(format.encodeCbor(new Map([...listing, [key, value]]))));
        survives(() => format.decodeContent(format.encodeCbor(new Map([[key, value]]))));
        survives(() => decodePieces(value, 8));
        survives(() => decodeMapRef(value));
      }),
      { numRuns: 1000 },
    );
  });

  test('a claim of 64 MiB or more is checked against the bytes that are there before memory is taken', () => {
    const header = new Uint8Array(80);
    for (const segmentSize of [2 ** 53 - 1, -1, Number.NaN, format.SEGMENT_MAX + 1]) {
      const ref = { key: new Uint8Array(32), root: new Uint8Array(32), segmentSize };
      expect(() => new format.SegmentOpener(p, world.vaultId, ref, header, new Uint8Array(0))).toThrow(
        'limit',
      );
    }
  });
});

describe('records survive being written again', () => {
  test('unknown optional fields of a listing are kept', () => {
    const map = new Map(format.decodeCbor(listingOf(world)) as ReadonlyMap<number, format.CborValue>);
    const bytes = format.encodeCbor(map.set(101, [1, 'later']));
    expect(format.encodeListing(format.decodeListing(bytes))).toEqual(bytes);
  });

  test('what an encoder writes its decoder reads', () => {
    const time = fc.record({ seconds: fc.maxSafeInteger(), nanoseconds: fc.nat(999_999_999) });
    const fields = fc.record({
      kind: fc.constantFrom<'file' | 'symlink'>('file', 'symlink'),
      revision: fc.maxSafeNat(),
      signedAt: fc.maxSafeNat(),
      certificateId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      size: fc.maxSafeNat(),
      modified: time,
      created: time,
      mode: fc.nat(0o7777),
      metadata: fc
        .dictionary(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }))
        .map((o) => new Map(Object.entries(o))),
      tags: fc.constant(new Map<string, string>()),
      draftOnly: fc.boolean(),
    });
    fc.assert(
      fc.property(fields, (listing) => {
        expect(format.decodeListing(format.encodeListing(listing))).toEqual(listing);
      }),
    );
  });
});
