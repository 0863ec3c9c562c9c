import { type ByteRange, ForwardingStore, MemoryStore, type StoreKey } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { FileHandle, VaultSession } from '../src/index.js';
import { emptyVault } from './template.js';

const CHUNK = 65_536;
const MIB = 1024 * 1024;
const FILE = ['f'];

/** A store that uses the memory it is offered, as one on a disk does. */
class PlacingStore extends ForwardingStore {
  override async getBlob(key: StoreKey, range: ByteRange, into?: Uint8Array): Promise<Uint8Array> {
    const bytes = await super.getBlob(key, range);
    if (into === undefined) return bytes;
    into.set(bytes);
    return into.subarray(0, bytes.length);
  }
}

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >>> 16) * 17) & 255;
  return bytes;
}

/** Everything from `offset` on, by borrowing `step` bytes at a time and giving them back. */
async function borrowed(file: FileHandle, offset: number, step: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = offset; ; ) {
    const { pieces, giveBack } = await file.borrow(at, step);
    const bytes = Buffer.concat(pieces);
    giveBack();
    if (bytes.length === 0) return new Uint8Array(Buffer.concat(parts));
    expect(bytes.length).toBeLessThanOrEqual(step);
    parts.push(new Uint8Array(bytes));
    at += bytes.length;
  }
}

async function segments(store: MemoryStore): Promise<StoreKey[]> {
  const keys: StoreKey[] = [];
  for await (const { key, size } of store.list('b/')) if (size > MIB / 2) keys.push(key);
  return keys;
}

async function vaultOn(store: MemoryStore, placing: boolean): Promise<VaultSession> {
  const seen = placing ? new PlacingStore(store) : store;
  return (await (await emptyVault(seen))()).session();
}

describe.each([
  ['that uses the memory it is offered', true],
  ['that does not', false],
])('content that is borrowed, from a store %s', (_, placing) => {
  it.each([0, 1, 1025, CHUNK + 1, 4 * CHUNK, 5 * CHUNK - 1, 3 * MIB + 7])(
    'of %d bytes is whole',
    async (size) => {
      const session = await vaultOn(new MemoryStore(), placing);
      const bytes = pattern(size);
      await session.write(FILE, bytes);
      const file = await session.open(FILE, { read: true });
      for (const [offset, step] of [
        [0, 4 * CHUNK],
        [0, 3 * CHUNK + 11],
        [CHUNK - 1, 2 * MIB],
        [Math.max(0, size - 1), 1],
        [size + 3, 10],
      ] as const)
        expect(Buffer.compare(await borrowed(file, offset, step), bytes.subarray(offset))).toBe(0);
      await file.close();
      await expect(file.borrow(0, 1)).rejects.toMatchObject({ code: 'closed' });
    },
  );

  it('is that of every kind of piece', async () => {
    const session = await vaultOn(new MemoryStore(), placing);
    const bytes = pattern(2 * MIB);
    await session.write(FILE, bytes);
    const file = await session.open(FILE, { read: true, write: true });
    await file.write(MIB + 5, new Uint8Array(10));
    await file.write(3 * MIB, Uint8Array.of(1, 2, 3));
    await file.sync();
    const expected = new Uint8Array(3 * MIB + 3);
    expected.set(bytes);
    expected.fill(0, MIB + 5, MIB + 15);
    expected.set([1, 2, 3], 3 * MIB);
    expect(Buffer.compare(await borrowed(file, 0, 300_000), expected)).toBe(0);
    await file.close();
    const again = await session.open(FILE, { read: true });
    expect(Buffer.compare(await borrowed(again, 0, 300_000), expected)).toBe(0);
    await again.close();
  });

  it('keeps what is borrowed until it is given back', async () => {
    const session = await vaultOn(new MemoryStore(), placing);
    const bytes = pattern(4 * MIB);
    await session.write(FILE, bytes);
    const file = await session.open(FILE, { read: true });
    const held = await file.borrow(0, 4 * CHUNK);
    expect(Buffer.compare(await borrowed(file, 4 * CHUNK, 4 * CHUNK), bytes.subarray(4 * CHUNK))).toBe(0);
    expect(Buffer.compare(new Uint8Array(Buffer.concat(held.pieces)), bytes.subarray(0, 4 * CHUNK))).toBe(0);
    held.giveBack();
    await file.close();
  });

  it('is not released when it was changed or cut short', async () => {
    const store = new MemoryStore();
    const session = await vaultOn(store, placing);
    await session.write(FILE, pattern(2 * MIB));
    const [key] = await segments(store);
    const stored = store.peek(key as StoreKey) as Uint8Array;
    const file = await session.open(FILE, { read: true });
    // So that memory of an earlier use lies ready.
    await borrowed(file, 0, MIB);
    const flipped = stored.slice();
    flipped[80 + 5 * (CHUNK + 16)] = (flipped[80 + 5 * (CHUNK + 16)] as number) ^ 1;
    store.tamper(key as StoreKey, flipped);
    await file.borrow(0, 4 * CHUNK);
    await expect(file.borrow(4 * CHUNK, 4 * CHUNK)).rejects.toMatchObject({ code: 'damaged' });
    store.tamper(key as StoreKey, stored.subarray(0, 80 + 6 * (CHUNK + 16) - 1));
    await expect(file.borrow(5 * CHUNK, CHUNK)).rejects.toMatchObject({ code: 'damaged' });
    await expect(file.borrow(20 * CHUNK, CHUNK)).rejects.toMatchObject({ code: 'damaged' });
    store.tamper(key as StoreKey, stored);
    expect((await borrowed(file, 4 * CHUNK, 4 * CHUNK)).length).toBe(2 * MIB - 4 * CHUNK);
    await store.delete([key as StoreKey]);
    await expect(file.borrow(0, 1)).rejects.toMatchObject({ code: 'damaged' });
    await file.close();
  });
});
