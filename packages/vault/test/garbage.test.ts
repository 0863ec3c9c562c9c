import { nodeProvider } from '@latchkey/encryption/node';
import { MemoryStore, type StoreKey, storeKey } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Vault, type VaultSession } from '../src/index.js';
import { collect, PASSPHRASE, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const BIG = new Uint8Array(5000).map((_, index) => index & 255);

/** A store whose clock is the system's, the one that a test moves. */
function onSystemClock(): MemoryStore {
  return new MemoryStore({ now: () => Date.now() });
}

/** Moves the system clock, which is the store's too. Nothing waits. */
function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

async function stored(store: MemoryStore, prefix: string): Promise<StoreKey[]> {
  const found: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What a crash leaves: everything that was acknowledged, and the blobs and leases of whatever was under way. */
function crash(vault: Vault): void {
  void vault;
}

describe('gc', () => {
  it('collects what a crashed session left, after a day without a sign of it', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const crashed = await open();
    const session = crashed.session();
    await session.write(['kept'], BIG);
    const handle = await session.open(['upload'], { write: true, create: true });
    await handle.write(0, new Uint8Array(3_000_000));
    await handle.read(0, 1).catch(() => undefined);
    await settled();
    crash(crashed);
    const vault = await open();
    expect(await vault.gc()).toMatchObject({ deleted: 0, endedSessions: 0 });
    later(DAY - HOUR);
    expect(await vault.gc()).toMatchObject({ deleted: 0, endedSessions: 0 });
    later(2 * HOUR);
    const report = await vault.gc();
    expect(report).toMatchObject({ endedSessions: 1 });
    expect(await stored(store, 'b/')).toHaveLength(1);
    expect(await collect(vault.session().read(['kept']))).toEqual(BIG);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('leaves live sessions alone', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const live = await open();
    const handle = await live.session().open(['upload'], { write: true, read: true, create: true });
    await handle.write(0, BIG);
    expect(await handle.read(0, 10)).toHaveLength(10);
    const other = await open();
    expect(await other.gc()).toMatchObject({ deleted: 0, endedSessions: 0 });
    await handle.close();
    expect(await collect(other.session().read(['upload']))).toEqual(BIG);
  });

  it('refuses to publish what a session wrote before it was declared dead', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const away = await open();
    const session = away.session();
    const handle = await session.open(['upload'], { write: true, read: true, create: true });
    await handle.write(0, BIG);
    expect(await handle.read(0, 10)).toHaveLength(10);
    later(DAY + HOUR);
    const vault = await open();
    expect(await vault.gc()).toMatchObject({ endedSessions: 1, deleted: 1 });
    await expect(handle.close()).rejects.toMatchObject({ code: 'unavailable' });
    await session.write(['again'], BIG);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
    expect((await vault.session().list([])).entries.map(({ name }) => name)).toEqual(['again']);
  });

  it('refuses it too when the lease was found dead by somebody else in the program first', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const away = await open();
    const session = away.session();
    const handle = await session.open(['upload'], { write: true, read: true, create: true });
    await handle.write(0, BIG);
    expect(await handle.read(0, 10)).toHaveLength(10);
    later(DAY + HOUR);
    const vault = await open();
    await vault.gc();
    await expect(session.write(['first'], BIG)).rejects.toMatchObject({ code: 'unavailable' });
    await session.write(['second'], BIG);
    await expect(handle.close()).rejects.toMatchObject({ code: 'unavailable' });
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('does not take an unanswered renewal of the lease for its death', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const vault = await open(slow);
    const session = vault.session();
    await session.write(['a'], BIG);
    later(7 * HOUR);
    let failures = 1;
    slow.hook = ({ method, key, when }) => {
      if (method === 'swapRegister' && key.startsWith('w/') && when === 'after' && failures-- > 0)
        throw lost();
    };
    await session
      .write(['b'], BIG)
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'unavailable' }));
    await session.write(['b'], BIG);
    expect(await collect(session.read(['b']))).toEqual(BIG);
    later(7 * HOUR);
    await session.write(['c'], BIG);
  });

  it('keeps segments that a copy shares, and collects them after the last reference', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const writer = await open(store, { graceSeconds: 0 });
    const session = writer.session();
    await session.write(['a'], BIG);
    await session.copy(['a'], ['b']);
    await session.mkdir(['d']);
    await session.rename(['b'], ['d', 'b']);
    await session.remove(['a']);
    await writer.close();
    const vault = await open(store, { graceSeconds: 0 });
    later(2 * DAY);
    await vault.gc();
    expect(await collect(vault.session().read(['d', 'b']))).toEqual(BIG);
    await vault.session().remove(['d', 'b']);
    // The note of the removal spares the segment for a day.
    await vault.gc();
    expect(await stored(store, 'b/')).toHaveLength(1);
    later(DAY + HOUR);
    await vault.session().write(['d', 'x'], text('x'));
    await vault.gc();
    expect(await stored(store, 'b/')).toHaveLength(0);
  });

  it('drops drafts after seven days', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const writer = await open();
    const session = writer.session();
    await session.write(['published'], BIG);
    for (const name of ['published', 'fresh']) {
      const handle = await session.open([name], { write: true, create: true });
      await handle.write(0, new Uint8Array(4000));
      await handle.abandon();
    }
    await writer.close();
    const vault = await open(store, { graceSeconds: 0 });
    later(6 * DAY);
    await vault.gc();
    expect(await vault.session().stat(['fresh'])).toMatchObject({ draft: true, size: 4000 });
    expect(await stored(store, 'b/')).toHaveLength(3);
    later(DAY + HOUR);
    await vault.gc();
    await expect(vault.session().stat(['fresh'])).rejects.toMatchObject({ code: 'not-found' });
    expect(await collect(vault.session().read(['published']))).toEqual(BIG);
    later(DAY + HOUR);
    await vault.session().write(['x'], text('x'));
    await settled();
    await vault.gc();
    expect(await stored(store, 'b/')).toHaveLength(1);
  });

  it('sweeps dead subtrees, also after a sweep that stopped half-way', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const writer = await open(slow);
    const session = writer.session();
    await session.mkdir(['top', 'sub'], { recursive: true });
    for (let index = 0; index < 200; index++) await session.write(['top', 'sub', `${index}`], text('inline'));
    await session.write(['top', 'big'], BIG);
    const handle = await session.open(['top', 'pieces'], { write: true, create: true });
    for (let index = 0; index < 12; index++) {
      await handle.write(index * 6000, BIG);
      await handle.sync();
    }
    await handle.close();
    await session.remove(['top'], { recursive: true });
    await writer.close();
    later(2 * DAY);
    // The first sweep deletes blobs and is then cut off before the heads.
    const interrupted = new HookedStore(store);
    interrupted.hook = ({ method, key }) => {
      if (method === 'delete' && key.startsWith('h/')) throw lost();
    };
    await (await open(interrupted))
      .gc()
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'unavailable' }));
    await settled();
    const vault = await open();
    const report = await vault.gc();
    expect(report.reason).toBeUndefined();
    later(2 * DAY);
    await vault.gc();
    expect(await stored(store, 'h/')).toHaveLength(1);
    expect(await stored(store, 'b/')).toHaveLength(0);
    expect((await vault.check()).problems).toEqual([]);
  });

  it('cleans the record of a directory whose removal was cut off', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open(slow)).session();
    await session.mkdir(['top']);
    await session.mkdir(['top', 'dead']);
    await session.write(['top', 'dead', 'f'], BIG);
    let killed = false;
    slow.hook = ({ method, key, when }) => {
      if (killed) throw lost();
      if (method === 'swapRegister' && key.startsWith('h/') && when === 'after') killed = true;
    };
    await expect(session.remove(['top', 'dead'], { recursive: true })).rejects.toMatchObject({
      code: 'unavailable',
    });
    later(3 * DAY);
    const vault = await open();
    expect((await vault.gc()).reason).toBeUndefined();
    later(3 * DAY);
    expect((await vault.gc()).reason).toBeUndefined();
    expect((await vault.check()).problems).toEqual([]);
    const after = (await open()).session();
    await expect(after.stat(['top', 'dead'])).rejects.toMatchObject({ code: 'not-found' });
    await after.mkdir(['top', 'dead']);
    expect((await after.list(['top'])).entries).toHaveLength(1);
  });

  it('deletes the head of a directory whose making was cut off, and no other', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open(slow)).session();
    let heads = 0;
    slow.hook = ({ method, key, when }) => {
      if (heads === 1) throw lost();
      if (method === 'swapRegister' && key.startsWith('h/') && when === 'after') heads++;
    };
    await expect(session.mkdir(['d'])).rejects.toMatchObject({ code: 'unavailable' });
    expect(await stored(store, 'h/')).toHaveLength(2);
    const vault = await open();
    await vault.gc();
    expect(await stored(store, 'h/')).toHaveLength(2);
    later(DAY + HOUR);
    await vault.session().mkdir(['empty']);
    await vault.gc();
    expect(await stored(store, 'h/')).toHaveLength(2);
    expect(await vault.session().stat(['empty'])).toMatchObject({ kind: 'directory' });
  });

  it('deletes nothing while anything is unreadable', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const writer = await open();
    await writer.session().mkdir(['d']);
    await writer.session().write(['d', 'f'], BIG);
    const handle = await writer.session().open(['upload'], { write: true, read: true, create: true });
    await handle.write(0, BIG);
    await handle.read(0, 1);
    const roots = new Set<string>();
    for (const key of await stored(store, 'h/')) roots.add(key);
    later(2 * DAY);
    const before = store.snapshot();
    for (const key of roots) {
      store.tamper(storeKey(key), new Uint8Array(300));
      const vault = await open();
      const report = await vault.gc();
      expect(report).toMatchObject({ deleted: 0, reason: expect.stringContaining(key) });
      expect(await stored(store, 'b/')).toHaveLength(2);
      store.restore(before);
    }
  });

  it('is never in doubt about a new vault, because none is made beside what was one', async () => {
    const store = onSystemClock();
    const session = (await (await emptyVault(store))()).session();
    await session.write(['f'], BIG);
    const before = await stored(store, '');
    await store.delete([storeKey('vault'), storeKey('vault.2')]);
    await expect(
      Vault.create({
        store,
        provider: nodeProvider,
        passphrase: PASSPHRASE,
        kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 1 },
      }),
    ).rejects.toMatchObject({ code: 'exists' });
    expect((await stored(store, '')).length).toBe(before.length - 2);
  });

  it('is not held up by a vault whose making was cut off or lost its race', async () => {
    const store = onSystemClock();
    const options = {
      provider: nodeProvider,
      passphrase: PASSPHRASE,
      kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 1 },
    };
    const cut = new HookedStore(store);
    cut.hook = ({ method, key }) => {
      if (method === 'swapRegister' && key === 'vault') throw lost();
    };
    await expect(Vault.create({ store: cut, ...options })).rejects.toMatchObject({ code: 'unavailable' });
    const outcomes = await Promise.allSettled([
      Vault.create({ store, ...options }),
      Vault.create({ store, ...options }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const vault = await Vault.open({ store, ...options });
    await vault.session().write(['f'], text('x'));
    expect((await vault.gc()).reason).toBeUndefined();
    expect((await vault.check()).problems).toEqual([]);
    expect(await stored(store, 'h/')).toHaveLength(1);
  });

  it('lets a program collect its own garbage in time, and keep what a long upload has written', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const store = onSystemClock();
    const open = await emptyVault(store);
    const vault = await open(store, { graceSeconds: 0 });
    const session: VaultSession = vault.session();
    const long = await session.open(['long'], { write: true, read: true, create: true });
    await long.write(0, BIG);
    await long.read(0, 1);
    const short = await session.open(['short'], { write: true, read: true, create: true });
    await short.write(0, BIG);
    await short.read(0, 1);
    await short.truncate(0);
    await short.close();
    const early = await stored(store, 'b/');
    expect(early).toHaveLength(2);
    const other = await open();
    for (let hours = 0; hours < 96; hours += 12) {
      await vi.advanceTimersByTimeAsync(12 * HOUR);
      await session.write(['x'], new Uint8Array(2000).fill(hours));
      await settled();
      expect((await other.gc()).reason).toBeUndefined();
      expect((await vault.gc()).reason).toBeUndefined();
    }
    await long.write(5000, BIG);
    await long.close();
    expect((await collect(session.read(['long']))).length).toBe(10_000);
    await vi.advanceTimersByTimeAsync(96 * HOUR);
    await session.write(['x'], new Uint8Array(2000));
    await settled();
    await vault.gc();
    // What the long upload wrote first has stayed; what the short one gave up is gone.
    const left = await stored(store, 'b/');
    expect(early.filter((key) => left.includes(key))).toHaveLength(1);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('goes on after a mover that died in the middle of a move', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open(slow)).session();
    await session.mkdir(['a', 'd'], { recursive: true });
    await session.write(['a', 'd', 'f'], BIG);
    await session.mkdir(['b']);
    let dead = false;
    slow.hook = ({ method, key, when }) => {
      if (dead) throw lost();
      if (method === 'swapRegister' && key === 'm' && when === 'after') dead = true;
    };
    await expect(session.rename(['a', 'd'], ['b', 'd'])).rejects.toMatchObject({ code: 'unavailable' });
    later(HOUR);
    const vault = await open();
    expect((await vault.gc()).reason).toBeUndefined();
    await vault.session().rename(['a', 'd'], ['b', 'd']);
    expect(await collect(vault.session().read(['b', 'd', 'f']))).toEqual(BIG);
  });
});

describe('lost+found', () => {
  it('brings back a directory whose record is gone, with what is in it', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const session = (await open()).session();
    await session.mkdir(['a', 'b', 'c'], { recursive: true });
    await session.write(['a', 'b', 'c', 'deep'], BIG);
    await session.write(['a', 'b', 'near'], text('near'));
    // The store puts back the head that /a had before it got /a/b.
    const heads = await stored(store, 'h/');
    const parents = new Map<string, number>();
    for (const key of heads) parents.set(key, store.peek(key)?.length ?? 0);
    const fresh = onSystemClock();
    const again = await emptyVault(fresh);
    const other = (await again()).session();
    await other.mkdir(['a']);
    const old = fresh.snapshot();
    await other.mkdir(['a', 'b']);
    await other.write(['a', 'b', 'near'], text('near'));
    await other.mkdir(['a', 'b', 'c']);
    await other.write(['a', 'b', 'c', 'deep'], BIG);
    for (const [key, object] of old.objects) if (key.startsWith('h/')) fresh.tamper(key, object.bytes);
    const vault = await again();
    const found = await vault.check();
    expect(found.problems.map(({ what }) => what)).toEqual([expect.stringContaining('nothing leads to')]);
    const report = await vault.check({ repair: true });
    expect(report.repaired).toEqual(['/lost+found/b']);
    expect(await collect(vault.session().read(['lost+found', 'b', 'near']))).toEqual(text('near'));
    expect(await collect(vault.session().read(['lost+found', 'b', 'c', 'deep']))).toEqual(BIG);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('takes no directory that was made or moved while check looked', async () => {
    const store = onSystemClock();
    const open = await emptyVault(store);
    const slow = new HookedStore(store);
    const session = (await open()).session();
    for (const name of ['a', 'b', 'c']) await session.mkdir([name]);
    await session.mkdir(['a', 'moving']);
    await session.write(['a', 'moving', 'f'], text('x'));
    const checking = await open(slow);
    const heads = (await stored(store, 'h/')).length;
    let reads = 0;
    slow.hook = async ({ method, key, when }) => {
      if (method !== 'readRegister' || !key.startsWith('h/') || when !== 'after' || ++reads !== 2) return;
      await session.mkdir(['new']);
      await session.write(['new', 'f'], text('x'));
      await session.rename(['a', 'moving'], ['new', 'moving']);
    };
    const report = await checking.check({ repair: true });
    expect(reads).toBeGreaterThan(2);
    expect(report.repaired).toEqual([]);
    expect(report.problems).toEqual([]);
    expect((await stored(store, 'h/')).length).toBe(heads + 1);
    await expect(session.stat(['lost+found'])).rejects.toMatchObject({ code: 'not-found' });
  });
});
