import { describe, expect, test } from 'vitest';
import { concatBytes } from '../src/bytes.js';
import {
  CHUNK_BYTES,
  type CryptoProvider,
  chunkCount,
  chunkRange,
  runBytes,
  SEGMENT_HEADER_BYTES,
  SegmentOpener,
  SegmentSealer,
} from '../src/index.js';
import { nodeProvider } from '../src/node/index.js';
import { NodeRuns } from '../src/node/runs.js';
import { portableProvider } from '../src/portable/index.js';
import { flip, toHex } from './bytes.js';

const vaultId = new Uint8Array(16).fill(9);
const key = new Uint8Array(32).fill(3);
const CHUNKS = 3;

/** The ways in which runs are sealed and opened. */
const WAYS: [string, CryptoProvider][] = [
  ['other threads', { ...nodeProvider, runs: new NodeRuns(() => nodeProvider, 2) }],
  ['no other thread', { ...nodeProvider, runs: new NodeRuns(() => nodeProvider, 0) }],
  ['single chunks', portableProvider],
];

const plaintextOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251);

/** Memory for `CHUNKS` chunks with plaintexts laid out in it. */
function laidOut(plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
  const slab = new Uint8Array(runBytes(CHUNKS * CHUNK_BYTES));
  for (let i = 0; i < chunkCount(plaintext.length); i++)
    slab.set(plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES), i * runBytes(CHUNK_BYTES));
  return slab;
}

/** Seals `plaintext` by runs that are all under way at once. */
async function sealed(p: CryptoProvider, plaintext: Uint8Array) {
  const sealer = new SegmentSealer(p, vaultId, key);
  const runs: Promise<Uint8Array>[] = [];
  for (let at = 0; at < plaintext.length; at += CHUNKS * CHUNK_BYTES) {
    const part = plaintext.subarray(at, at + CHUNKS * CHUNK_BYTES);
    const last = at + part.length === plaintext.length;
    const run = sealer.sealRun(laidOut(part), part.length, last);
    runs.push(run.then((slab) => slab.subarray(0, runBytes(part.length))));
  }
  if (p.runs !== undefined) expect(() => sealer.trailer()).toThrow('no last chunk yet');
  const body = concatBytes(...(await Promise.all(runs)));
  return { header: sealer.header, body, trailer: sealer.trailer(), root: sealer.root() };
}

function openerOf(p: CryptoProvider, segment: Awaited<ReturnType<typeof sealed>>, size: number) {
  const ref = { key, root: segment.root, segmentSize: size };
  return new SegmentOpener(p, vaultId, ref, segment.header, segment.trailer);
}

/** Chunks `first` to `last` as they lie in the segment, in memory of their own. */
function cut(body: Uint8Array, size: number, first: number, last: number): Uint8Array<ArrayBuffer> {
  const from = chunkRange(first, size).offset - SEGMENT_HEADER_BYTES;
  const end = chunkRange(last, size);
  return Uint8Array.from(body.subarray(from, end.offset - SEGMENT_HEADER_BYTES + end.length));
}

describe.each(WAYS)('runs of chunks by %s', (_, p) => {
  test.each([1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 7 * CHUNK_BYTES + 5])(
    'make of %i bytes what single chunks make, and open it',
    async (size) => {
      const plaintext = plaintextOf(size);
      const segment = await sealed(p, plaintext);
      const single = openerOf(nodeProvider, segment, size);
      const opener = openerOf(p, segment, size);
      const last = chunkCount(size) - 1;
      for (let i = 0; i <= last; i++) {
        const text = single.open(i, cut(segment.body, size, i, i));
        expect(toHex(text)).toBe(toHex(plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)));
      }
      for (const first of new Set([0, last])) {
        const slab = await opener.openRun(cut(segment.body, size, first, last), first, last);
        for (let i = first; i <= last; i++) {
          const want = plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
          const at = (i - first) * runBytes(CHUNK_BYTES);
          expect(toHex(slab.subarray(at, at + want.length))).toBe(toHex(want));
        }
      }
    },
  );

  test('refuse a chunk that was changed, moved or comes from elsewhere', async () => {
    const size = 3 * CHUNK_BYTES - 9;
    const segment = await sealed(p, plaintextOf(size));
    const opener = openerOf(p, segment, size);
    for (const at of [0, runBytes(CHUNK_BYTES) - 1, runBytes(CHUNK_BYTES), segment.body.length - 1])
      await expect(opener.openRun(flip(segment.body, at) as Uint8Array<ArrayBuffer>, 0, 2)).rejects.toThrow(
        expect.objectContaining({ code: 'damaged' }),
      );
    await expect(opener.openRun(cut(segment.body, size, 0, 0), 1, 1)).rejects.toThrow('was signed');
    const other = await sealed(p, plaintextOf(size));
    await expect(opener.openRun(cut(other.body, size, 0, 2), 0, 2)).rejects.toThrow('was signed');
    // The refusals have used nothing up.
    await opener.openRun(cut(segment.body, size, 0, 2), 0, 2);
  });

  test('refuse what does not fit the segment', async () => {
    const sealer = new SegmentSealer(p, vaultId, key);
    const memory = () => new Uint8Array(runBytes(CHUNK_BYTES));
    const limit = expect.objectContaining({ code: 'limit' });
    await expect(sealer.sealRun(memory(), 0, true)).rejects.toThrow(limit);
    await expect(sealer.sealRun(memory(), 10, false)).rejects.toThrow(limit);
    await expect(sealer.sealRun(memory(), 2 * CHUNK_BYTES, false)).rejects.toThrow(limit);
    await sealer.sealRun(memory(), 10, true);
    await expect(sealer.sealRun(memory(), 10, true)).rejects.toThrow(limit);
    const segment = await sealed(p, plaintextOf(10));
    const opener = openerOf(p, segment, 10);
    for (const [first, last] of [
      [1, 1],
      [0, 1],
      [-1, 0],
      [1, 0],
    ] as const)
      await expect(opener.openRun(memory(), first, last)).rejects.toThrow(limit);
  });
});
