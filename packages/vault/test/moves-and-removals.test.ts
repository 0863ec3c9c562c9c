import { MemoryStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore, type HookPoint, lost } from './hooked-store.js';
import { emptyVault } from './template.js';

interface Pair {
  readonly store: MemoryStore;
  readonly slow: HookedStore;
  readonly other: HookedStore;
  readonly a: VaultSession;
  readonly b: VaultSession;
  readonly vaults: readonly Vault[];
}

/** Two programs on one store: `a` through `slow` and `b` through `other`, so that a test can order their steps. */
async function pair(): Promise<Pair> {
  const store = new MemoryStore();
  const open = await emptyVault(store);
  const slow = new HookedStore(store);
  const other = new HookedStore(store);
  const vaults = [await open(slow), await open(other)] as const;
  const [a, b] = [vaults[0].session(), vaults[1].session()];
  await a.mkdir(['p']);
  await a.mkdir(['q']);
  await a.mkdir(['p', 'd']);
  await a.write(['p', 'd', 'f'], text('precious'));
  return { store, slow, other, a, b, vaults };
}

/** The register of the head that changed last, which in these tests is that of /p/d. */
async function headOf(store: MemoryStore, change: () => Promise<unknown>): Promise<string> {
  const before = store.snapshot().objects;
  await change();
  for (const [key, object] of store.snapshot().objects) {
    if (key.startsWith('h/') && before.has(key) && before.get(key)?.etag !== object.etag) return key;
  }
  throw new Error('no head changed');
}

const swapOf =
  (key: string) =>
  (point: HookPoint): boolean =>
    point.method === 'swapRegister' && point.key === key && point.when === 'before';

/** The file is there under exactly one of the names, and nothing in the vault is damaged or orphaned. */
async function expectOneCopy({ b, vaults }: Pair): Promise<void> {
  const found: string[] = [];
  for (const top of ['p', 'q']) {
    try {
      found.push(new TextDecoder().decode(await collect(b.read([top, 'd', 'f']))));
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/not-found|not-a-directory/) });
    }
  }
  expect(found).toEqual(['precious']);
  expect((await (vaults[1] as Vault).check({ readContent: true })).problems).toEqual([]);
}

describe('a directory that is moved while others meet its record', () => {
  it.each([
    ['mkdir', (b: VaultSession) => b.mkdir(['q', 'd'])],
    ['write', (b: VaultSession) => b.write(['q', 'd'], text('x'))],
    [
      'exclusive create',
      (b: VaultSession) => b.open(['q', 'd'], { write: true, create: true, exclusive: true }),
    ],
    ['symlink', (b: VaultSession) => b.symlink('target', ['q', 'd'])],
    [
      'file rename',
      async (b: VaultSession) => {
        await b.write(['q', 'file'], text('x'));
        await b.rename(['q', 'file'], ['q', 'd'], { replace: true });
      },
    ],
    [
      'file move',
      async (b: VaultSession) => {
        await b.write(['file'], text('x'));
        await b.rename(['file'], ['q', 'd'], { replace: true });
      },
    ],
    [
      'copy',
      async (b: VaultSession) => {
        await b.write(['file'], text('x'));
        await b.copy(['file'], ['q', 'd'], { replace: true });
      },
    ],
    [
      'directory rename',
      async (b: VaultSession) => {
        await b.mkdir(['q', 'e']);
        await b.rename(['q', 'e'], ['q', 'd'], { replace: true });
      },
    ],
  ])('keeps its place against %s', async (_name, intrude) => {
    const all = await pair();
    const child = await headOf(all.store, () => all.a.write(['p', 'd', 'f'], text('precious')));
    const gate = all.slow.stopAt(swapOf(child));
    const moving = all.a.rename(['p', 'd'], ['q', 'd']);
    await gate.reached;
    await expect(intrude(all.b)).rejects.toMatchObject({ code: 'conflict' });
    gate.release();
    await moving;
    await expectOneCopy(all);
    expect(await collect(all.b.read(['q', 'd', 'f']))).toEqual(text('precious'));
  });

  it('is not cleaned away by one who met it before it was complete', async () => {
    const all = await pair();
    const child = await headOf(all.store, () => all.a.write(['p', 'd', 'f'], text('precious')));
    const gate = all.slow.stopAt(swapOf(child));
    const moving = all.a.rename(['p', 'd'], ['q', 'd']);
    await gate.reached;
    const cleaning = all.other.stopAt((point) => point.key === 'm' && point.when === 'before');
    await expect(all.b.stat(['q', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    await cleaning.reached;
    gate.release();
    await moving;
    cleaning.release();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expectOneCopy(all);
  });

  it.each(['recursive remove', 'rmdir'])('is out of reach of a %s of its old path', async (how) => {
    const all = await pair();
    if (how === 'rmdir') await all.a.remove(['p', 'd', 'f']);
    const child = await headOf(all.store, () => all.a.write(['p', 'd', 'g'], text('x')));
    if (how === 'rmdir') await all.a.remove(['p', 'd', 'g']);
    const gate = all.slow.stopAt(swapOf(child));
    const removing =
      how === 'rmdir' ? all.a.rmdir(['p', 'd']) : all.a.remove(['p', 'd'], { recursive: true });
    const outcome = expect(removing).rejects.toMatchObject({ code: 'not-found' });
    await gate.reached;
    await all.b.rename(['p', 'd'], ['q', 'd']);
    gate.release();
    await outcome;
    if (how === 'rmdir') expect(await all.b.stat(['q', 'd'])).toMatchObject({ kind: 'directory' });
    else await expectOneCopy(all);
  });

  it.each(['before', 'after'] as const)('survives a relink that fails %s it is stored', async (when) => {
    const all = await pair();
    const child = await headOf(all.store, () => all.a.write(['p', 'd', 'f'], text('precious')));
    let failing = false;
    all.slow.hook = (point) => {
      if (point.method === 'swapRegister' && point.key === child && point.when === when) failing = true;
      if (failing && point.key === child) throw lost();
    };
    await expect(all.a.rename(['p', 'd'], ['q', 'd'])).rejects.toMatchObject({ code: 'unavailable' });
    all.slow.hook = undefined;
    await expectOneCopy(all);
  });
});

describe('mkdir', () => {
  it('does not lose a directory whose record was stored although the answer was lost', async () => {
    const { slow, a, vaults } = await pair();
    let failing = false;
    slow.hook = (point) => {
      if (failing && point.method !== 'delete') throw lost();
      if (point.method === 'swapRegister' && point.key.startsWith('h/') && point.when === 'after') {
        // The first swap makes the new head, the second one puts the record.
        if (heads.has(point.key)) {
          failing = true;
          throw lost();
        }
        heads.add(point.key);
      }
    };
    const heads = new Set<string>();
    for (const { key } of await everything(slow, 'h/')) heads.add(key);
    await expect(a.mkdir(['p', 'new'])).rejects.toMatchObject({ code: 'unavailable' });
    slow.hook = undefined;
    expect(await a.stat(['p', 'new'])).toMatchObject({ kind: 'directory' });
    await a.write(['p', 'new', 'f'], text('x'));
    expect((await (vaults[0] as Vault).check()).problems).toEqual([]);
  });

  it('makes nothing but the root when the root is asked for', async () => {
    const { a } = await pair();
    expect(await a.mkdir([], { recursive: true })).toMatchObject({ kind: 'directory' });
    await a.write(['top'], text('x'), { parents: true });
    expect(await collect(a.read(['top']))).toEqual(text('x'));
  });
});

async function everything(store: HookedStore, prefix: string): Promise<{ key: string }[]> {
  const found: { key: string }[] = [];
  for await (const { key } of store.list(prefix)) found.push({ key });
  return found;
}
