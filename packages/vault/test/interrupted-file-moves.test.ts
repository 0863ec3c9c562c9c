import { MemoryStore } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { LateStore } from './late-store.js';
import { emptyVault, type OpenVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const MINUTE = 60_000;
const BIG = new Uint8Array(5000).map((_, index) => index & 255);

function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

interface World {
  readonly store: MemoryStore;
  readonly open: OpenVault;
  readonly vault: Vault;
  readonly session: VaultSession;
  /** Registers of the heads of /p and /q. */
  readonly p: string | undefined;
  readonly q: string | undefined;
}

async function world(content: Uint8Array): Promise<World> {
  const store = new MemoryStore({ now: () => Date.now() });
  const open = await emptyVault(store);
  const vault = await open();
  const session = vault.session();
  const swapped = async (work: () => Promise<unknown>): Promise<string | undefined> => {
    const before = store.snapshot().objects;
    await work();
    return [...store.snapshot().objects].find(
      ([key, { etag }]) => key.startsWith('h/') && before.get(key)?.etag !== etag,
    )?.[0];
  };
  await session.mkdir(['p']);
  await session.mkdir(['q']);
  const q = await swapped(() => session.write(['q', 'x'], text('x')));
  const p = await swapped(() => session.write(['p', 'f'], content));
  return { store, open, vault, session, p, q };
}

/** Moves /p/f to /q/g and dies at the swap of `where`, its `nth` one. */
async function dieMoving(all: World, where: string | undefined, nth: number): Promise<void> {
  const store = new HookedStore(all.store);
  let swaps = 0;
  store.hook = ({ method, key, when }) => {
    if (method === 'swapRegister' && key === where && when === 'before') swaps++;
    if (swaps >= nth) throw lost();
  };
  const session = (await all.open(store)).session();
  await expect(session.rename(['p', 'f'], ['q', 'g'])).rejects.toMatchObject({ code: 'unavailable' });
}

/** A move whose insertion in the target is still on its way when it gives up. */
async function stuckMoving(all: World): Promise<LateStore> {
  const late = new LateStore(all.store);
  late.holding = all.q;
  const session = (await all.open(late)).session();
  await expect(session.rename(['p', 'f'], ['q', 'g'])).rejects.toMatchObject({ code: 'unavailable' });
  return late;
}

/** Lets what was started in the background come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function visit({ open }: World): Promise<void> {
  const vault = await open();
  await vault.session().list(['p']);
  await settled();
  await vault.close();
}

async function names({ open }: World, path: string): Promise<string[]> {
  return (await (await open()).session().list([path])).entries.map(({ name }) => name);
}

describe('a file move that was cut off after the target had the file', () => {
  const visits: [string, (session: VaultSession, vault: Vault) => Promise<unknown>][] = [
    ['stat', (session) => session.stat(['p', 'f'])],
    ['a page of a listing', (session) => session.list(['p'])],
    [
      'a listing',
      async (session) => {
        for await (const entry of session.entries(['p'])) expect(entry.name).toBe('f');
      },
    ],
    ['open', (session) => session.open(['p', 'f'], { read: true })],
    ['gc', (_session, vault) => vault.gc()],
  ];
  it.each(visits)('is finished by %s', async (_name, meet) => {
    for (const content of [BIG, text('inline'), new Uint8Array(0)]) {
      const all = await world(content);
      await dieMoving(all, all.p, 2);
      const visitor = await all.open();
      await meet(visitor.session(), visitor);
      await settled();
      expect(await names(all, 'p')).toEqual([]);
      expect(await collect(all.session.read(['q', 'g']))).toEqual(content);
      expect((await all.vault.check({ readContent: true })).problems).toEqual([]);
    }
  });

  it('is finished for a symbolic link, too', async () => {
    const all = await world(BIG);
    await all.session.remove(['p', 'f']);
    await all.session.symlink('target', ['p', 'f']);
    await dieMoving(all, all.p, 2);
    await visit(all);
    expect(await names(all, 'p')).toEqual([]);
    expect(await all.session.readlink(['q', 'g'])).toBe('target');
  });

  it('leaves a source that was changed before anybody met the mark', async () => {
    const changes: [string, (session: VaultSession) => Promise<unknown>][] = [
      ['f', (session) => session.setAttributes(['p', 'f'], { mode: 0o600 })],
      ['e', (session) => session.rename(['p', 'f'], ['p', 'e'])],
      [
        'f',
        async (session) => {
          const handle = await session.open(['p', 'f'], { write: true, append: true });
          await handle.write(0, text('more'));
          await handle.close();
        },
      ],
      ['f', (session) => session.write(['p', 'f'], text('anew'))],
    ];
    for (const [name, change] of changes) {
      const all = await world(BIG);
      await dieMoving(all, all.p, 2);
      await change((await all.open()).session());
      await visit(all);
      later(16 * MINUTE);
      await visit(all);
      expect(await names(all, 'p')).toEqual([name]);
      expect(await collect(all.session.read(['q', 'g']))).toEqual(BIG);
      expect((await all.vault.check({ readContent: true })).problems).toEqual([]);
    }
  });

  it('is left as it is when the target has forgotten', async () => {
    const all = await world(BIG);
    await dieMoving(all, all.p, 2);
    await Promise.all(
      Array.from({ length: 300 }, (_, index) => all.session.write(['q', `n${index}`], text('x'))),
    );
    const { revision } = await all.session.stat(['p', 'f']);
    later(16 * MINUTE);
    await visit(all);
    expect(await names(all, 'p')).toEqual(['f']);
    expect(await collect(all.session.read(['p', 'f']))).toEqual(BIG);
    // The mark is still there, too: it may be a mover's that goes on one day.
    expect((await all.session.stat(['p', 'f'])).revision).toBe(revision);
  });

  it('leaves a source that is changed while a visitor is at it', async () => {
    const all = await world(BIG);
    await dieMoving(all, all.p, 2);
    const slow = new HookedStore(all.store);
    const gate = slow.stopAt(
      ({ method, key, when }) => method === 'swapRegister' && key === all.p && when === 'before',
    );
    await (await all.open(slow)).session().list(['p']);
    await gate.reached;
    await all.session.write(['p', 'f'], text('anew'));
    gate.release();
    await settled();
    expect(await collect(all.session.read(['p', 'f']))).toEqual(text('anew'));
    expect(await collect(all.session.read(['q', 'g']))).toEqual(BIG);
  });

  it('is finished for a file with as many attributes as a record holds', async () => {
    const all = await world(BIG);
    const metadata = new Map([['k', 'v'.repeat(3960)]]);
    await all.session.setAttributes(['p', 'f'], { metadata });
    await dieMoving(all, all.p, 2);
    await visit(all);
    expect(await names(all, 'p')).toEqual([]);
    expect((await all.session.stat(['q', 'g'])).metadata).toEqual(metadata);
  });
});

describe('a file move that was cut off before the target had the file', () => {
  it('is finished when the insertion arrives after all', async () => {
    const all = await world(BIG);
    const late = await stuckMoving(all);
    later(16 * MINUTE);
    expect(await late.arrive()).toBe(1);
    await visit(all);
    expect(await names(all, 'p')).toEqual([]);
    expect(await collect(all.session.read(['q', 'g']))).toEqual(BIG);
  });

  it('is undone when it is too late for a mover, and an insertion that arrives still later makes a copy', async () => {
    const all = await world(BIG);
    const late = await stuckMoving(all);
    const { revision } = await all.session.stat(['p', 'f']);
    await settled();
    expect((await all.session.stat(['p', 'f'])).revision).toBe(revision);
    later(16 * MINUTE);
    await visit(all);
    expect((await all.session.stat(['p', 'f'])).revision).toBeGreaterThan(revision);
    expect(await late.arrive()).toBe(1);
    await visit(all);
    expect(await names(all, 'p')).toEqual(['f']);
    // `shared` is still there: what the copy needs outlives the source.
    await all.session.remove(['p', 'f']);
    later(2 * MINUTE);
    await all.session.write(['p', 'y'], text('y'));
    await settled();
    expect(await collect(all.session.read(['q', 'g']))).toEqual(BIG);
    expect((await all.vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('leaves no mark when it was refused', async () => {
    const all = await world(BIG);
    await all.session.mkdir(['q', 'd']);
    const { revision } = await all.session.stat(['p', 'f']);
    await expect(all.session.rename(['p', 'f'], ['q', 'x'])).rejects.toMatchObject({ code: 'exists' });
    expect((await all.session.stat(['p', 'f'])).revision).toBe(revision);
    // Somebody takes the name between the mark and the insertion.
    const slow = new HookedStore(all.store);
    const gate = slow.stopAt(
      ({ method, key, when }) => method === 'swapRegister' && key === all.q && when === 'before',
    );
    const moving = (await all.open(slow)).session().rename(['p', 'f'], ['q', 'g']);
    const outcome = expect(moving).rejects.toMatchObject({ code: 'exists' });
    await gate.reached;
    await all.session.write(['q', 'g'], text('taken'));
    gate.release();
    await outcome;
    later(16 * MINUTE);
    const after = (await all.session.stat(['p', 'f'])).revision;
    await visit(all);
    expect((await all.session.stat(['p', 'f'])).revision).toBe(after);
  });
});
