import { createHash } from 'node:crypto';
import { padmeSize, segmentBlobSize, segmentSizeOfBlob } from '@latchkey/encryption';
import { MemoryStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { VaultSession } from '../src/index.js';
import { collect } from './fresh-vault.js';
import { emptyVault } from './template.js';

const CHUNK = 65_536;
const MIB = 1024 * 1024;

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >>> 16) * 17) & 255;
  return bytes;
}

async function fresh(
  padding: 'none' | 'padme' = 'none',
): Promise<{ store: MemoryStore; session: VaultSession }> {
  const store = new MemoryStore();
  return { store, session: (await (await emptyVault(store, padding))()).session() };
}

async function segmentSizes(store: MemoryStore): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { size } of store.list('b/')) sizes.push(segmentSizeOfBlob(size));
  return sizes.sort((a, b) => b - a);
}

const EDGES = [
  0,
  1,
  1024,
  1025,
  CHUNK - 1,
  CHUNK,
  CHUNK + 1,
  2 * CHUNK,
  4 * CHUNK,
  4 * CHUNK + 1,
  5 * CHUNK - 1,
  40 * CHUNK,
];

describe('content of every size at the edge of a chunk', () => {
  it.each(EDGES)('of %d bytes is read back whole and in ranges', async (size) => {
    const { store, session } = await fresh();
    const bytes = pattern(size);
    await session.write(['f'], bytes);
    expect(Buffer.compare(await collect(session.read(['f'])), bytes)).toBe(0);
    for (const [offset, length] of [
      [0, 1],
      [CHUNK - 1, 2],
      [CHUNK, CHUNK],
      [size - 1, 10],
      [size, 10],
      [size + 5, 10],
      [1, size],
    ] as const) {
      if (offset < 0) continue;
      const part = await collect(session.read(['f'], { offset, length }));
      expect(Buffer.compare(part, bytes.subarray(offset, offset + length))).toBe(0);
    }
    expect(await segmentSizes(store)).toEqual(size <= 1024 ? [] : [size]);
  });

  it.each([1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])(
    'is the same in writes of %d bytes',
    async (step) => {
      const { session } = await fresh();
      const bytes = pattern(Math.min(9 * CHUNK + 77, step * 5000));
      const handle = await session.open(['f'], { write: true, create: true, truncate: true });
      for (let at = 0; at < bytes.length; at += step) {
        const part = bytes.slice(at, at + step);
        const writing = handle.write(at, part);
        await writing;
        // What was handed over is not kept.
        part.fill(0);
      }
      await handle.close();
      expect(Buffer.compare(await collect(session.read(['f'])), bytes)).toBe(0);
    },
  );

  it('is padded to sizes that tell little, and read without the padding', async () => {
    for (const size of EDGES.filter((one) => one > 1024)) {
      const { store, session } = await fresh('padme');
      const bytes = pattern(size);
      await session.write(['f'], bytes);
      expect(Buffer.compare(await collect(session.read(['f'])), bytes)).toBe(0);
      expect((await session.stat(['f'])).size).toBe(size);
      for await (const stored of store.list('b/')) expect(stored.size).toBe(segmentBlobSize(padmeSize(size)));
    }
  });
});

describe('a file of 130 MiB', () => {
  it.each(['none', 'padme'] as const)(
    'takes three segments, padding %s',
    async (padding) => {
      const { store, session } = await fresh(padding);
      const size = 130 * MIB + 3;
      const written = createHash('sha256');
      async function* source(): AsyncGenerator<Uint8Array> {
        const chunk = pattern(3 * MIB + 1);
        for (let left = size; left > 0; left -= chunk.length) {
          const part = chunk.subarray(0, Math.min(chunk.length, left));
          written.update(part);
          yield part;
        }
      }
      await session.write(['big'], source());
      expect((await session.stat(['big'])).size).toBe(size);
      const rest = size - 128 * MIB;
      expect(await segmentSizes(store)).toEqual([
        64 * MIB,
        64 * MIB,
        padding === 'none' ? rest : padmeSize(rest),
      ]);
      const read = createHash('sha256');
      for await (const bytes of session.read(['big'])) read.update(bytes);
      expect(read.digest('hex')).toBe(written.digest('hex'));
      const seam = await collect(session.read(['big'], { offset: 64 * MIB - 5, length: 10 }));
      const chunk = pattern(3 * MIB + 1);
      expect([...seam]).toEqual(
        Array.from({ length: 10 }, (_, at) => chunk[(64 * MIB - 5 + at) % chunk.length]),
      );
      // A write over the seam stores only what it brings.
      const handle = await session.open(['big'], { write: true });
      await handle.write(64 * MIB - 5, new Uint8Array(10).fill(9));
      await handle.close();
      expect([...(await collect(session.read(['big'], { offset: 64 * MIB - 6, length: 12 })))]).toEqual([
        chunk[(64 * MIB - 6) % chunk.length],
        ...new Array<number>(10).fill(9),
        chunk[(64 * MIB + 5) % chunk.length],
      ]);
      expect((await segmentSizes(store)).length).toBe(3);
    },
    120_000,
  );
});
