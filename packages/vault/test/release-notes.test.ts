import { MemoryStore } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const DAY = 24 * 60 * 60 * 1000;

async function blobs(store: MemoryStore): Promise<number> {
  let count = 0;
  for await (const _ of store.list('b/')) count++;
  return count;
}

function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function fresh(through?: (store: MemoryStore) => HookedStore): Promise<{
  store: MemoryStore;
  vault: Vault;
  session: VaultSession;
}> {
  const store = new MemoryStore({ now: () => Date.now() });
  const open = await emptyVault(store);
  const vault = await open(through?.(store) ?? store, { graceSeconds: 0 });
  return { store, vault, session: vault.session() };
}

/** A file of `count` segments, each written and synced on its own. */
async function fragmented(session: VaultSession, name: string, count: number): Promise<void> {
  const handle = await session.open([name], { write: true, create: true, read: true });
  for (let index = 0; index < count; index++) {
    await handle.write(index * 2000, new Uint8Array(2000).fill(index));
    await handle.read(index * 2000, 1);
  }
  await handle.close();
}

describe('release notes', () => {
  it('let the blobs of an overwritten file go at the next commit after the grace', async () => {
    const { store, session } = await fresh();
    await session.write(['f'], new Uint8Array(3000).fill(1));
    await session.write(['f'], new Uint8Array(3000).fill(2));
    expect(await blobs(store)).toBe(2);
    later(2000);
    await session.write(['g'], text('x'));
    await settled();
    expect(await blobs(store)).toBe(1);
    expect((await collect(session.read(['f'])))[0]).toBe(2);
  });

  it('are swept without a further commit', async () => {
    const { store, session } = await fresh();
    await session.write(['f'], new Uint8Array(3000).fill(1));
    await session.write(['f'], text('short'));
    for (let tries = 0; tries < 100 && (await blobs(store)) > 0; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await blobs(store)).toBe(0);
  });

  it('wait for a reader of this program that still has the version open', async () => {
    const { store, session } = await fresh();
    for (const count of [1, 1100]) {
      await fragmented(session, 'f', count);
      const handle = await session.open(['f'], { read: true });
      await session.remove(['f']);
      later(3000);
      await session.write(['g'], text(`${count}`));
      await settled();
      expect(await handle.read((count - 1) * 2000, 2)).toEqual(new Uint8Array(2).fill((count - 1) & 255));
      expect(await handle.read(0, 2)).toEqual(new Uint8Array(2));
      await handle.close();
      later(3000);
      await session.write(['g'], text('x'));
      await settled();
      expect(await blobs(store)).toBe(0);
    }
  });

  it('that are too many for a head spill, and are swept all the same', async () => {
    const { store, vault, session } = await fresh();
    await session.mkdir(['d']);
    await Promise.all(
      Array.from({ length: 1500 }, (_, index) =>
        session.write(['d', `f${index}`], new Uint8Array(1100).fill(index)),
      ),
    );
    await fragmented(session, 'big', 1300);
    const before = await blobs(store);
    expect(before).toBeGreaterThan(2800);
    await Promise.all(Array.from({ length: 1500 }, (_, index) => session.remove(['d', `f${index}`])));
    await session.remove(['big']);
    expect((await vault.check()).problems).toEqual([]);
    for (const at of ['d', 'e']) {
      later(3000);
      await session.write(['d', at], text('x'));
      await session.write([at, 'x'], text('x')).catch(() => undefined);
      await session.write(['touch'], text(at));
      await settled();
    }
    expect((await vault.check()).problems).toEqual([]);
    // What is left belongs to pages of the two directories.
    expect(await blobs(store)).toBeLessThan(40);
  });

  it('of shared segments spill too, are kept for a day and then left to gc', async () => {
    const { store, vault, session } = await fresh();
    await fragmented(session, 'big', 1300);
    await session.copy(['big'], ['copy']);
    await session.remove(['big']);
    later(3000);
    await session.write(['touch'], text('1'));
    await settled();
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
    await session.remove(['copy']);
    later(3000);
    await session.write(['touch'], text('2'));
    await settled();
    expect(await blobs(store)).toBeGreaterThan(1300);
    await vault.close();
    const open = await emptyVault(new MemoryStore());
    const collector = await open(store, { graceSeconds: 0 });
    await collector.gc();
    expect(await blobs(store)).toBeGreaterThan(1300);
    later(DAY + 10_000);
    await collector.session().write(['touch'], text('3'));
    expect((await collector.gc()).reason).toBeUndefined();
    expect(await blobs(store)).toBeLessThan(10);
  });

  it('are dated anew when their commit slept before it was sent', async () => {
    const store = new MemoryStore({ now: () => Date.now() });
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open(slow, { graceSeconds: 600 })).session();
    const other = (await open(store, { graceSeconds: 600 })).session();
    await session.write(['old'], new Uint8Array(3000).fill(1));
    const commit = slow.stopAt(
      ({ method, key, when }) => method === 'swapRegister' && key.startsWith('h/') && when === 'before',
    );
    const first = session.write(['x'], text('x'));
    await commit.reached;
    // Two changes that will ride together: the removal, and a file whose map is written after the removal was noted.
    const known = new Set<string>();
    const removing = session.remove(['old']);
    await settled();
    const handle = await session.open(['many'], { write: true, create: true, read: true });
    for (let index = 0; index < 12; index++) {
      await handle.write(index * 2000, new Uint8Array(2000).fill(index));
      await handle.read(index * 2000, 1);
    }
    const closing = handle.close();
    await settled();
    for await (const { key } of store.list('b/')) known.add(key);
    const map = slow.stopAt(
      ({ method, key, when }) => method === 'putBlob' && !known.has(key) && when === 'after',
    );
    commit.release();
    await map.reached;
    later(60 * 60 * 1000);
    const reading = await other.open(['old'], { read: true });
    map.release();
    await Promise.all([first, removing, closing]);
    // The next commit deletes what was released more than ten minutes ago.
    await session.write(['y'], text('y'));
    await settled();
    expect(await reading.read(0, 1)).toEqual(new Uint8Array([1]));
    await reading.close();
  });

  it('that cannot be read hold up no commit', async () => {
    let hooked: HookedStore | undefined;
    const { store, vault, session } = await fresh((inner) => {
      hooked = new HookedStore(inner);
      return hooked;
    });
    await fragmented(session, 'big', 1300);
    const known = new Set<string>();
    for await (const { key } of store.list('b/')) known.add(key);
    await session.remove(['big']);
    later(3000);
    for (const failure of [lost(), undefined]) {
      (hooked as HookedStore).hook = ({ method, key }) => {
        if (failure !== undefined && method === 'getBlob' && !known.has(key)) throw failure;
      };
      await session.write(['after'], text('x'));
      await settled();
    }
    expect(await blobs(store)).toBe(0);
    expect((await vault.check()).problems).toEqual([]);
  });

  it('that are gone hold up neither commits nor gc', async () => {
    const { store, vault, session } = await fresh();
    await fragmented(session, 'big', 1300);
    const known = new Set<string>();
    for await (const { key } of store.list('b/')) known.add(key);
    await session.remove(['big']);
    for await (const { key } of store.list('b/')) if (!known.has(key)) await store.delete([key]);
    expect((await vault.gc()).reason).toBeUndefined();
    later(3000);
    await session.write(['after'], text('x'));
    expect((await vault.check()).problems).toEqual([]);
  });
});

describe('a listing that is read slowly', () => {
  it('goes on when the pages of its version have been replaced and deleted', async () => {
    const names = Array.from({ length: 1200 }, (_, index) => `f${String(index).padStart(5, '0')}`);
    const store = new MemoryStore({ now: () => Date.now() });
    const open = await emptyVault(store);
    const writer = (await open(store, { graceSeconds: 0 })).session();
    await Promise.all(names.map((name) => writer.write([name], text(name))));
    const reader = (await open(store, { cacheBytes: 1024 * 1024 })).session();
    const listed: string[] = [];
    let turns = 0;
    for await (const entry of reader.entries([])) {
      listed.push(entry.name);
      if (listed.length % 400 !== 0) continue;
      turns++;
      later(3000);
      await Promise.all(names.map((name) => writer.write([name], text(`${name} ${turns}`))));
      later(3000);
      await writer.write(['f00000'], text('x'));
      await settled();
    }
    expect(turns).toBeGreaterThan(2);
    expect(listed).toEqual(names);
  }, 120_000);
});

describe('a head that was asked for before it was replaced', () => {
  it('is not taken for an attack when its answer comes late', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open(slow)).session();
    const other = (await open()).session();
    await session.write(['f'], text('1'));
    await other.write(['f'], text('2'));
    const gate = slow.stopAt(
      ({ method, key, when }) => method === 'readRegister' && key.startsWith('h/') && when === 'after',
    );
    const reading = collect(session.read(['f']));
    await gate.reached;
    await session.write(['f'], text('3'));
    gate.release();
    const bytes = new TextDecoder().decode(await reading);
    expect(['2', '3']).toContain(bytes);
  });
});
