import { MemoryStore, seededRandom } from '@latchkey/store';
import { expect, it } from 'vitest';
import { type Chunk, ChunkCache, copyChunk } from '../src/content/chunk-cache.js';
import type { FileHandle } from '../src/index.js';
import { emptyVault } from './template.js';

const CHUNK = 65_536;
const MIB = 1024 * 1024;

function filled(value: number): Uint8Array {
  return copyChunk(new Uint8Array(CHUNK).fill(value));
}

/** Whether memory that is asked for now is that of `bytes`. */
function isFree(bytes: Uint8Array): boolean {
  const taken: Uint8Array[] = [];
  for (let i = 0; i < 100; i++) taken.push(filled(0));
  return taken.includes(bytes);
}

it('keeps the memory of a chunk for those who waited for it, although the cache has dropped it', async () => {
  const cache = new ChunkCache(CHUNK + 1);
  const first = filled(1);
  cache.expect('first', Promise.resolve(first));
  cache.expect('second', Promise.resolve(filled(2)));
  const waiting = [cache.take('first'), cache.take('first')];
  await cache.take('second');
  expect(cache.has('first')).toBe(false);
  const [one, other] = (await Promise.all(waiting)) as [Chunk, Chunk];
  expect(isFree(first)).toBe(false);
  one.release();
  expect(isFree(first)).toBe(false);
  expect(new Set(other.bytes)).toEqual(new Set([1]));
  other.release();
  expect(isFree(first)).toBe(true);
});

it('keeps the memory of what it still has', async () => {
  const cache = new ChunkCache(MIB);
  const bytes = filled(3);
  cache.expect('one', Promise.resolve(bytes));
  (await cache.take('one')).release();
  expect(isFree(bytes)).toBe(false);
  cache.drop('one');
  expect(isFree(bytes)).toBe(true);
});

it('does not use memory in which something else lies', async () => {
  const cache = new ChunkCache(MIB);
  const whole = new Uint8Array(2 * CHUNK);
  const part = whole.subarray(CHUNK);
  cache.expect('one', Promise.resolve(part));
  (await cache.take('one')).release();
  cache.drop('one');
  expect(isFree(part)).toBe(false);
});

it('leaves what is lent alone until it is given back, whoever reads what and however small the cache', async () => {
  const random = seededRandom(5);
  const below = (bound: number): number => Math.floor(random() * bound);
  const size = 6 * MIB + 12_345;
  const files = [0, 1].map((file) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >>> 16) * 17 + file) & 255;
    return bytes;
  });
  const open = await emptyVault(new MemoryStore());
  const session = (await open(undefined, { transferBytes: MIB })).session();
  for (const [file, bytes] of files.entries()) await session.write([`f${file}`], bytes);
  const reader = async (): Promise<void> => {
    const file = below(2);
    const bytes = files[file] as Uint8Array;
    const handle: FileHandle = await session.open([`f${file}`], { read: true });
    const held: (() => void)[] = [];
    for (let at = below(size), steps = 0; steps < 60; steps++) {
      const length = 1 + below(random() < 0.1 ? 700_000 : 40_000);
      const { pieces, giveBack } = await handle.readPieces(at, length);
      const from = at;
      held.push(() => {
        // As late as it may be looked at.
        expect(Buffer.concat(pieces).equals(bytes.subarray(from, from + length))).toBe(true);
        giveBack();
        // A second time is no other's loss.
        giveBack();
      });
      while (held.length > below(12)) held.shift()?.();
      at = random() < 0.9 && at + length < size ? at + length : below(size);
    }
    for (const check of held) check();
    await handle.close();
  };
  await Promise.all(Array.from({ length: 8 }, reader));
});
