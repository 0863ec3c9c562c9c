import { describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';
import { BIG, DAY, HOUR, later, onSystemClock, settled, stored } from './time-and-store.js';

/** What a crash leaves: everything that was acknowledged, and the blobs and leases of whatever was under way. */
function crash(vault: Vault): void {
  void vault;
}

describe('gc, of sessions', () => {
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
});
