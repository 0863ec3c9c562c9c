import { MemoryStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

async function names(session: VaultSession): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of session.entries([])) found.push(entry.name);
  return found;
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `file-${String(index).padStart(4, '0')}`);
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

describe('folding changes into pages', () => {
  it('does not bring back what was removed while the first pages were written', async () => {
    const store = new MemoryStore();
    const slow = new HookedStore(store);
    const session = (await (await emptyVault(store))(slow)).session();
    const all = numbered(140);
    await Promise.all(all.map((name) => session.write([name], text(name))));
    const gate = slow.stopAt((point) => point.method === 'putBlob' && point.when === 'before');
    await session.write(['last'], text('x'));
    await gate.reached;
    await session.remove(['file-0007']);
    await session.rename(['file-0008'], ['renamed']);
    gate.release();
    for (let more = 0; more < 5; more++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await session.write([`more-${more}`], text('x'));
    }
    const expected = [
      ...all.filter((name) => name !== 'file-0007' && name !== 'file-0008'),
      'last',
      ...['more-0', 'more-1', 'more-2', 'more-3', 'more-4', 'renamed'],
    ];
    expect(await names(session)).toEqual(expected);
    await expect(session.stat(['file-0007'])).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keeps pages that were installed by a commit whose answer was lost', async () => {
    const store = new MemoryStore();
    const slow = new HookedStore(store);
    const open = await emptyVault(store);
    const session = (await open(slow)).session();
    const all = numbered(140);
    await Promise.all(all.map((name) => session.write([name], text(name))));
    let pages = 0;
    slow.hook = (point) => {
      if (point.method === 'putBlob' && point.when === 'after') pages++;
    };
    await session.write(['file-x1'], text('x'));
    await until(() => pages > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    let fail = true;
    slow.hook = (point) => {
      if (!fail || point.method !== 'swapRegister' || point.when !== 'after') return;
      fail = false;
      throw lost();
    };
    await session.write(['file-x2'], text('x'));
    expect(fail).toBe(false);
    await session.write(['file-x3'], text('x'));
    await session.write(['file-x4'], text('x'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const other = (await open()).session();
    expect(await names(other)).toEqual([...all, 'file-x1', 'file-x2', 'file-x3', 'file-x4']);
    expect(await collect(other.read(['file-0003']))).toEqual(text('file-0003'));
  });

  it.each([
    ['long names', 1000, 4500, 20],
    ['names of 255 bytes and inline content', 255, 1500, 1024],
  ])(
    'holds thousands of files with %s',
    async (_what, nameLength, count, size) => {
      const store = new MemoryStore();
      const vault = await (await emptyVault(store))();
      const session = vault.session();
      const all = Array.from({ length: count }, (_, index) =>
        `${String((index * 7919) % count).padStart(5, '0')}-`.padEnd(nameLength, 'n'),
      );
      for (let at = 0; at < all.length; at += 500)
        await Promise.all(
          all.slice(at, at + 500).map((name) => session.write([name], new Uint8Array(size).fill(at >> 8))),
        );
      expect(await names(session)).toEqual([...all].sort());
      await Promise.all(all.slice(0, count - 500).map((name) => session.remove([name])));
      expect(await names(session)).toEqual(all.slice(count - 500).sort());
      expect((await vault.check()).problems).toEqual([]);
    },
    240_000,
  );
});
