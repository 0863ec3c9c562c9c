import { describe, expect, it } from 'vitest';
import { collect, text } from './fresh-vault.js';
import { HookedStore } from './hooked-store.js';
import { emptyVault } from './template.js';
import { BIG, DAY, HOUR, later, onSystemClock, settled, stored } from './time-and-store.js';

describe('gc', () => {
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
