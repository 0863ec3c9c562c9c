import { MemoryStore, type StoreKey, storeKey } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Vault, VaultSession, VaultSettings } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Dates no two objects alike. */
function ticking(): MemoryStore {
  let ticks = 0;
  return new MemoryStore({ now: () => Date.now() + ticks++ });
}

async function stored(store: MemoryStore, prefix: string): Promise<StoreKey[]> {
  const found: StoreKey[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function writeAll(session: VaultSession, path: string[], names: readonly string[], what: string) {
  await Promise.all(names.map((name) => session.write([...path, name], text(`${name} ${what}`))));
  await settled();
}

/** Enough further changes that everything before them stands in pages. */
async function push(session: VaultSession, path: string[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const names = Array.from({ length: 150 }, (_, index) => `filler${index}`);
    await writeAll(session, path, names, `${round}`);
  }
}

async function listed(session: VaultSession, path: string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for await (const { name, kind } of session.entries(path)) {
    const content = kind === 'file' ? await collect(session.read([...path, name])) : new Uint8Array(0);
    names.set(name, new TextDecoder().decode(content));
  }
  return names;
}

const NAMES = Array.from({ length: 600 }, (_, index) => `f${String(index).padStart(4, '0')}`);

interface Lost {
  readonly store: MemoryStore;
  readonly session: VaultSession;
  readonly head: StoreKey;
  readonly open: (settings?: VaultSettings) => Promise<Vault>;
}

/** A directory of several hundred names, some of which were changed and removed after the first pages. */
async function directoryOfPages(path: string[]): Promise<Lost> {
  const store = ticking();
  const open = await emptyVault(store);
  const session = (await open()).session();
  const before = new Set(await stored(store, 'h/'));
  for (const depth of path.keys()) await session.mkdir(path.slice(0, depth + 1));
  const made = (await stored(store, 'h/')).filter((key) => path.length === 0 || !before.has(key));
  await writeAll(session, path, NAMES, 'old');
  await push(session, path);
  await writeAll(session, path, NAMES.slice(100, 200), 'new');
  await Promise.all(NAMES.slice(300, 420).map((name) => session.remove([...path, name])));
  await session.write([...path, 'big'], new Uint8Array(100_000).fill(65));
  await session.mkdir([...path, 'below']);
  await session.write([...path, 'below', 'f'], text('below'));
  await push(session, path);
  return { store, session, head: made.at(-1) as StoreKey, open: (settings) => open(store, settings) };
}

function expectRestored(found: Map<string, string>): void {
  for (const [index, name] of NAMES.entries()) {
    const gone = index >= 300 && index < 420;
    const version = index >= 100 && index < 200 ? 'new' : 'old';
    expect(found.get(name), name).toBe(gone ? undefined : `${name} ${version}`);
  }
  expect(found.get('big')).toBe('A'.repeat(100_000));
}

describe('a directory whose head is lost', () => {
  it('is named by check, and rebuilt from its pages under lost+found', async () => {
    const { store, head, open } = await directoryOfPages(['a', 'd']);
    await store.delete([head]);
    const vault = await open();
    const found = await vault.check();
    expect(found.problems.map(({ what }) => what)).toContainEqual(
      expect.stringContaining(`${head}, is missing`),
    );
    expect(found.repaired).toEqual([]);
    expect(await stored(store, head)).toEqual([]);
    const report = await vault.check({ repair: true });
    expect(report.repaired).toEqual(['/lost+found/d']);
    const session = vault.session();
    expectRestored(await listed(session, ['lost+found', 'd']));
    expect(await collect(session.read(['lost+found', 'd', 'below', 'f']))).toEqual(text('below'));
    const other = (await open()).session();
    await other.write(['lost+found', 'd', 'f0000'], text('goes on'));
    await expect(other.stat(['a', 'd'])).rejects.toMatchObject({ code: 'not-found' });
    await other.mkdir(['a', 'd']);
    expect((await vault.check({ readContent: true, repair: true })).problems).toEqual([]);
    expect((await vault.gc()).reason).toBeUndefined();
  });

  it('is usable by programs that have seen the lost head', async () => {
    const { store, head, session, open } = await directoryOfPages(['d']);
    await store.delete([head]);
    expect((await (await open()).check({ repair: true })).repaired).toEqual(['/lost+found/d']);
    await session.write(['lost+found', 'd', 'more'], text('more'));
    expect((await listed(session, ['lost+found', 'd'])).get('more')).toBe('more');
  });

  it('does not take content along that has been moved out of it since', async () => {
    const { store, head, session, open } = await directoryOfPages(['d']);
    await session.rename(['d', 'big'], ['kept']);
    await store.delete([head]);
    const vault = await open({ graceSeconds: 0 });
    await vault.check({ repair: true });
    const mine = vault.session();
    expect((await collect(mine.read(['lost+found', 'd', 'big']))).length).toBe(100_000);
    await mine.remove(['lost+found', 'd', 'big']);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await mine.write(['lost+found', 'd', 'other'], text('x'));
    await settled();
    expect((await collect((await open()).session().read(['kept']))).length).toBe(100_000);
  });

  it('comes back in its place when it is the root', async () => {
    const { store, open } = await directoryOfPages([]);
    const [root] = (await stored(store, 'h/')).sort(
      (a, b) => (store.peek(b)?.length ?? 0) - (store.peek(a)?.length ?? 0),
    );
    await store.delete([root as StoreKey]);
    const vault = await open();
    await expect(vault.session().list([])).rejects.toMatchObject({ code: 'damaged' });
    const report = await vault.check({ repair: true });
    expect(report.repaired[0]).toBe('/');
    const found = await listed(vault.session(), []);
    expectRestored(found);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
    // Its subdirectory has its link still, or has been brought back.
    const below = found.has('below') ? ['below', 'f'] : ['lost+found', 'below', 'f'];
    expect(await collect(vault.session().read(below))).toEqual(text('below'));
  });

  it('comes back empty when it is a root without pages, with what it led to under lost+found', async () => {
    const store = ticking();
    const open = await emptyVault(store);
    const [root] = await stored(store, 'h/');
    const session = (await open()).session();
    await session.mkdir(['d']);
    await session.write(['d', 'f'], text('x'));
    await store.delete([root as StoreKey]);
    const vault = await open();
    expect((await vault.check({ repair: true })).repaired).toEqual(['/', '/lost+found/d']);
    expect(await collect(vault.session().read(['lost+found', 'd', 'f']))).toEqual(text('x'));
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('is rebuilt without the pages that cannot be read, which are named', async () => {
    const { store, head, open } = await directoryOfPages(['d']);
    await store.delete([head]);
    const damaged: StoreKey[] = [];
    for (const key of await stored(store, 'b/')) {
      const bytes = store.peek(key) as Uint8Array;
      const isPage = new TextDecoder().decode(bytes.subarray(0, 6)) === 'LKPAGE';
      if (!isPage || damaged.length === 2) continue;
      bytes[100] = (bytes[100] as number) ^ 1;
      store.tamper(storeKey(key), bytes);
      damaged.push(key);
    }
    const report = await (await open()).check({ repair: true });
    for (const key of damaged) expect(report.problems.map(({ object }) => object)).toContain(key);
    expect(report.repaired).toEqual(['/lost+found/d']);
    const found = await listed((await open()).session(), ['lost+found', 'd']);
    expect(found.size).toBeGreaterThan(300);
  });

  it('is not brought back after it was removed, though its pages still lie about', async () => {
    const { store, session, head, open } = await directoryOfPages(['d']);
    for (const path of [['d', 'below'], ['d']]) await session.remove(path, { recursive: true });
    await store.delete([head]);
    const report = await (await open()).check({ repair: true });
    expect(report.repaired).toEqual([]);
    expect(report.problems).toEqual([]);
  });
});
