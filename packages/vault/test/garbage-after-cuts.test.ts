import { nodeProvider } from '@latchkey/encryption/node';
import { storeKey } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import { Vault } from '../src/index.js';
import { collect, PASSPHRASE, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';
import { BIG, DAY, HOUR, later, onSystemClock, settled, stored } from './time-and-store.js';

describe('gc, after operations that were cut off', () => {
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
