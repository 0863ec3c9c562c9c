import { segmentBlobSize } from '@latchkey/encryption';
import { MemoryStore, type StoreKey } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, type HookPoint, lost } from './hooked-store.js';
import { emptyVault, type OpenVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const BIG = new Uint8Array(5000).map((_, index) => index & 255);

function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

interface World {
  readonly store: MemoryStore;
  readonly open: OpenVault;
  readonly vault: Vault;
  readonly session: VaultSession;
}

/** A vault whose sweeps begin at once, and what somebody has put into it who is gone. */
async function world(fill: (session: VaultSession) => Promise<void>): Promise<World> {
  const store = new MemoryStore({ now: () => Date.now() });
  const open = await emptyVault(store);
  const writer = await open();
  await fill(writer.session());
  await writer.close();
  const vault = await open(store, { graceSeconds: 0 });
  return { store, open, vault, session: vault.session() };
}

async function stored(store: MemoryStore, prefix: string): Promise<StoreKey[]> {
  const found: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

/** Names so long that a few hundred fill more pages than a head refers to. */
async function many(session: VaultSession, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      session.write(['d', `${index}`.padStart(1000, '0')], text('x')),
    ),
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await condition()).toBe(true), { timeout: 20_000, interval: 20 });
}

/** Runs `work` and answers which heads it has swapped, in order. */
async function swapped(store: MemoryStore, work: () => Promise<unknown>): Promise<string[]> {
  const before = store.snapshot().objects;
  await work();
  return [...store.snapshot().objects]
    .filter(([key, { etag }]) => key.startsWith('h/') && before.get(key)?.etag !== etag)
    .map(([key]) => key);
}

const beforeSwapOf =
  (key: string | undefined) =>
  ({ method, key: other, when }: HookPoint): boolean =>
    method === 'swapRegister' && other === key && when === 'before';

describe('the content of a removed tree', () => {
  it('is deleted soon, and its heads when a day has passed', async () => {
    const { store, vault, session } = await world(async (writer) => {
      await writer.mkdir(['top', 'sub'], { recursive: true });
      await writer.write(['top', 'f'], BIG);
      for (let index = 0; index < 300; index++)
        await writer.write(['top', 'sub', `${index}`], text('inline'));
      await writer.write(['top', 'sub', 'g'], BIG);
    });
    await session.remove(['top'], { recursive: true });
    await until(async () => (await stored(store, 'b/')).length === 0);
    expect(await stored(store, 'h/')).toHaveLength(3);
    expect((await vault.gc()).reason).toBeUndefined();
    expect(await stored(store, 'h/')).toHaveLength(3);
    later(DAY + HOUR);
    for (let run = 0; run < 2; run++) expect((await vault.gc()).reason).toBeUndefined();
    expect(await stored(store, 'h/')).toHaveLength(1);
    expect((await vault.check()).problems).toEqual([]);
  });

  it.each([
    ['few names', 0],
    ['names in pages', 300],
    ['names in pages of pages', 2000],
  ])(
    'outlives a copy that was begun before: %s',
    async (_names, others) => {
      const { store, open, vault, session } = await world(async (writer) => {
        await writer.mkdir(['d']);
        await writer.mkdir(['e']);
        await writer.write(['d', 'f'], BIG);
        await writer.write(['d', 'unshared'], BIG);
        // So that the copy finds the mark there already, and the record in a page.
        await writer.copy(['d', 'f'], ['d', 'g']);
        await many(writer, others);
      });
      const [target] = await swapped(store, () => session.write(['e', 'x'], text('x')));
      const slow = new HookedStore(store);
      const copying = (await open(slow)).session();
      const gate = slow.stopAt(beforeSwapOf(target));
      const done = copying.copy(['d', 'f'], ['e', 'f']);
      await gate.reached;
      const before = new Set(await stored(store, 'b/'));
      await session.write(['d', 'unshared'], BIG);
      const [segment] = (await stored(store, 'b/')).filter(
        (key) => !before.has(key) && store.peek(key)?.length === segmentBlobSize(BIG.length),
      );
      await session.remove(['d'], { recursive: true });
      await until(async () => !(await stored(store, 'b/')).some((key) => key === segment));
      await new Promise((resolve) => setTimeout(resolve, 100));
      // By somebody who has no page of the directory in memory.
      expect((await (await open()).gc()).reason).toBeUndefined();
      gate.release();
      await done;
      expect(await collect(session.read(['e', 'f']))).toEqual(BIG);
      expect((await vault.check({ readContent: true })).problems).toEqual([]);
      later(DAY + HOUR);
      for (let run = 0; run < 2; run++) expect((await vault.gc()).reason).toBeUndefined();
      expect(await stored(store, 'h/')).toHaveLength(2);
      expect(await collect(session.read(['e', 'f']))).toEqual(BIG);
    },
    120_000,
  );

  it('outlives a copy of a file that was itself removed before its directory', async () => {
    const { store, open, session } = await world(async (writer) => {
      await writer.mkdir(['d']);
      await writer.mkdir(['e']);
      await writer.write(['d', 'f'], BIG);
      await many(writer, 2000);
    });
    const [target] = await swapped(store, () => session.write(['e', 'x'], text('x')));
    const slow = new HookedStore(store);
    const copying = (await open(slow)).session();
    const gate = slow.stopAt(beforeSwapOf(target));
    const done = copying.copy(['d', 'f'], ['e', 'f']);
    await gate.reached;
    await session.remove(['d', 'f']);
    const before = (await stored(store, 'b/')).length;
    await session.remove(['d'], { recursive: true });
    await until(async () => (await stored(store, 'b/')).length < before / 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // By somebody who has no page of the directory in memory.
    expect((await (await open()).gc()).reason).toBeUndefined();
    gate.release();
    await done;
    expect(await collect(session.read(['e', 'f']))).toEqual(BIG);
  }, 120_000);
});

describe('a record that a mover left behind for a directory that was removed', () => {
  async function leftBehind(): Promise<World & { readonly parent: string | undefined }> {
    const all = await world(async (writer) => {
      await writer.mkdir(['p', 'd'], { recursive: true });
      await writer.mkdir(['q']);
      await writer.write(['p', 'd', 'f'], BIG);
    });
    const { store, open, session } = all;
    const [parent] = await swapped(store, () => session.write(['q', 'x'], text('x')));
    const [child] = await swapped(store, () => session.write(['p', 'd', 'g'], text('x')));
    const dying = new HookedStore(store);
    let dead = false;
    dying.hook = (point) => {
      dead ||= beforeSwapOf(child)(point);
      if (dead) throw lost();
    };
    const mover = (await open(dying)).session();
    await expect(mover.rename(['p', 'd'], ['q', 'd'])).rejects.toMatchObject({ code: 'unavailable' });
    await session.remove(['p', 'd'], { recursive: true });
    await until(async () => (await stored(store, 'b/')).length === 0);
    return { ...all, parent };
  }

  it('says that there is nothing, swept or not', async () => {
    const { open, vault } = await leftBehind();
    const visitor = (await open()).session();
    await expect(visitor.stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    await expect(visitor.list(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('keeps the head that it names from gc, until it is gone itself', async () => {
    const { store, open, vault, parent } = await leftBehind();
    later(2 * DAY);
    const stubborn = new HookedStore(store);
    stubborn.hook = (point) => {
      if (beforeSwapOf(parent)(point)) throw lost();
    };
    const collector = await open(stubborn);
    for (let run = 0; run < 2; run++) expect((await collector.gc()).reason).toBeUndefined();
    expect(await stored(store, 'h/')).toHaveLength(4);
    stubborn.hook = undefined;
    const visitor = (await open()).session();
    await expect(visitor.stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    later(2 * DAY);
    for (let run = 0; run < 2; run++) expect((await vault.gc()).reason).toBeUndefined();
    expect(await stored(store, 'h/')).toHaveLength(3);
    await expect((await open()).session().stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    expect((await vault.check()).problems).toEqual([]);
  });
});
