import { encodeCbor, type Piece } from '@latchkey/encryption';
import { type ByteRange, ForwardingStore, MAX_REGISTER_BYTES, type StoreKey } from '@latchkey/store';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  directoryAt,
  fieldsOf,
  headKey,
  ownerOf,
  readHead,
  recordBy,
  recordIn,
  withRecords,
  writeHead,
} from './insider.js';
import { HEAD_FIELD, rewriteHead } from './raw-head.js';
import { expectRefused, refusal } from './refusal.js';
import { smallVault } from './small-vault.js';
import { collect, filler, wholeTree } from './victim.js';

const MIB = 1024 * 1024;

/** Remembers the longest range that anybody asked the store for. */
class WatchedStore extends ForwardingStore {
  longest = 0;
  override getBlob(key: StoreKey, range: ByteRange): Promise<Uint8Array> {
    this.longest = Math.max(this.longest, range.length);
    return super.getBlob(key, range);
  }
}

const victim = await smallVault();
const owner = ownerOf(victim);
const docs = directoryAt(victim, owner, ['docs']);
const head = readHead(victim, owner, docs);
const file = fieldsOf(recordIn(head, 'segment'));
const piece = file.content.pieces?.[0] as Extract<Piece, { kind: 'data' }>;
const store = new WatchedStore(victim.store);
const look = (): Promise<unknown> => victim.visit((session) => wholeTree(session), { store });
const REFUSED = ['damaged', 'unsupported', 'too-large', 'stale'] as const;

const memoryBefore = process.memoryUsage().rss;
afterEach(() => victim.heal());
afterAll(() => {
  // Nobody asked for more than a span of chunks, and what the tests themselves planted is the bulk of this.
  expect(store.longest).toBeGreaterThan(0);
  expect(store.longest).toBeLessThanOrEqual(2 * MIB);
  expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(512 * MIB);
});

/** CBOR that claims far more than it holds. */
const BOMBS: [string, Buffer][] = [
  ['an array of four thousand million items', Buffer.from('9affffffff', 'hex')],
  ['an array of 2^53 items', Buffer.from('9b0020000000000000', 'hex')],
  ['a map of four thousand million entries', Buffer.from('baffffffff', 'hex')],
  ['a byte string of 2 GiB', Buffer.from('5a80000000', 'hex')],
  ['a text of 2^63 bytes', Buffer.from('7b8000000000000000', 'hex')],
  ['100,000 arrays in one another', Buffer.alloc(100_000, 0x81)],
  ['60,000 maps in one another', Buffer.from('a100'.repeat(60_000), 'hex')],
  ['an endless array', Buffer.concat([Buffer.from([0x9f]), Buffer.alloc(1000)])],
];

describe('attack 26: lengths that are lies', () => {
  it.each(BOMBS)('refuses %s in the header, before anything is known to be authentic', async (_, bomb) => {
    const wrapped = encodeCbor([bomb.subarray(0, 60_000), new Uint8Array(64)]);
    for (const bytes of [bomb.subarray(0, 60_000), wrapped]) {
      for (const key of ['vault', 'vault.2']) await victim.plant(key, bytes);
      await expectRefused(victim, () => victim.open(), REFUSED);
    }
  });

  it.each(BOMBS)(
    'refuses %s in a signed head, in place of it all and in place of a field',
    async (_, bomb) => {
      await rewriteHead(victim, owner, docs, { listing: () => bomb });
      await expectRefused(victim, look, REFUSED);
      victim.heal();
      await rewriteHead(victim, owner, docs, { content: () => bomb });
      await expectRefused(victim, look, REFUSED);
      victim.heal();
      for (const field of [HEAD_FIELD.changes, HEAD_FIELD.tree, HEAD_FIELD.operations, HEAD_FIELD.releases]) {
        await rewriteHead(victim, owner, docs, {
          listing: (fields) => {
            const marker = filler(20, 'marker');
            const cbor = Buffer.from(encodeCbor(fields.set(field, marker)));
            const at = cbor.indexOf(marker) - 1;
            return Buffer.concat([cbor.subarray(0, at), bomb, cbor.subarray(at + 21)]);
          },
        });
        await expectRefused(victim, look, REFUSED);
        victim.heal();
      }
    },
  );

  it.each([8, 12, 16])('refuses a head whose box at byte %i claims 4 GiB', async (at) => {
    const bytes = Buffer.from(victim.bytes(headKey(docs)));
    for (const length of [0xffffffff, 0x7fffffff, bytes.length, 0]) {
      bytes.writeUInt32BE(length, at);
      await victim.plant(headKey(docs), bytes);
      await expectRefused(victim, look, REFUSED);
    }
  });

  it('refuses registers and blobs that have grown out of all measure, and does not fetch them whole', async () => {
    for (const key of victim.keys()) {
      const original = victim.bytes(key);
      const size = key.startsWith('b/') ? 48 * MIB : MAX_REGISTER_BYTES;
      await victim.plant(key, Buffer.concat([original, Buffer.alloc(size - original.length)]));
      // A segment has its bytes where its record says; what follows them does no harm and is never read.
      if (key.startsWith('h/')) await expectRefused(victim, look, REFUSED);
      else await look().catch((error: unknown) => expect(error).toMatchObject({ name: 'VaultError' }));
      victim.heal();
    }
    expect(store.longest).toBeLessThanOrEqual(2 * MIB);
  });

  const TERA = 2 ** 40;
  const records: [string, readonly Piece[], number][] = [
    ['a segment of a tebibyte', [{ ...piece, segmentSize: TERA, length: TERA }], TERA],
    ['a stretch beyond the end of its segment', [{ ...piece, offset: 1, length: piece.segmentSize }], 1500],
    [
      'a segment of 64 MiB that has 1,500 bytes',
      [{ ...piece, segmentSize: 64 * MIB, length: 64 * MIB }],
      64 * MIB,
    ],
  ];
  it.each(records)('refuses to read %s, though the owner signed it', async (_, pieces, size) => {
    const error = await refusal(async () => {
      const fields = { listing: { ...file.listing, size }, content: { pieces } };
      await writeHead(
        victim,
        owner,
        docs,
        withRecords(head, recordBy(owner.author, docs, 'bomb', fields)),
        owner.author,
      );
      return victim.visit(async (session) => collect(session.read(['docs', 'bomb'])), { store });
    }).catch((caught: unknown) => caught as { name: string });
    // The format's own encoder may refuse to write it; then nobody can have signed it.
    expect(['VaultError', 'EncryptionError']).toContain(error.name);
  });

  it('reads a stretch of a file of a pebibyte of nothing with the memory of the stretch', async () => {
    const size = 2 ** 50;
    const fields = {
      listing: { ...file.listing, size },
      content: { pieces: [{ kind: 'hole', length: size }] as const },
    };
    await writeHead(
      victim,
      owner,
      docs,
      withRecords(head, recordBy(owner.author, docs, 'void', fields)),
      owner.author,
    );
    await victim.visit(async (session) => {
      expect((await session.stat(['docs', 'void'])).size).toBe(size);
      const bytes = await collect(session.read(['docs', 'void'], { offset: 2 ** 49, length: 1000 }));
      expect(bytes.equals(Buffer.alloc(1000))).toBe(true);
    });
  });
});
