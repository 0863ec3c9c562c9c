import { MemoryStore, StoreError } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { VaultError, type VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore } from './hooked-store.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const BIG = new Uint8Array(5000).fill(7);

/** One call of every operation of a session. */
function everything(session: VaultSession): [string, () => Promise<unknown>][] {
  return [
    ['stat', () => session.stat(['f'])],
    ['list', () => session.list([])],
    ['entries', async () => (await session.entries([])[Symbol.asyncIterator]().next()).value],
    ['open', async () => (await session.open(['f'], { read: true })).close()],
    ['open to write', async () => (await session.open(['f'], { write: true, truncate: true })).close()],
    [
      'create',
      async () => (await session.open(['new'], { write: true, create: true, exclusive: true })).close(),
    ],
    ['read', () => collect(session.read(['f']))],
    ['write', () => session.write(['g'], BIG)],
    ['digest', () => session.digest(['f'], 'sha256')],
    ['mkdir', () => session.mkdir(['e'])],
    ['symlink', () => session.symlink('x', ['s'])],
    ['readlink', () => session.readlink(['l'])],
    ['setAttributes', () => session.setAttributes(['f'], { mode: 0o600 })],
    ['rename', () => session.rename(['f'], ['h'])],
    ['move', () => session.rename(['f'], ['d', 'f'])],
    ['move a directory', () => session.rename(['d', 'sub'], ['sub'])],
    ['copy', () => session.copy(['f'], ['k'])],
    ['remove', () => session.remove(['f'])],
    ['remove a tree', () => session.remove(['d'], { recursive: true })],
    ['rmdir', () => session.rmdir(['d', 'sub'])],
  ];
}

async function prepared(): Promise<{
  store: MemoryStore;
  hooked: HookedStore;
  open: () => Promise<VaultSession>;
}> {
  const store = new MemoryStore();
  const openVault = await emptyVault(store);
  const session = (await openVault()).session();
  await session.write(['f'], BIG);
  await session.symlink('f', ['l']);
  await session.mkdir(['d', 'sub'], { recursive: true });
  const hooked = new HookedStore(store);
  return { store, hooked, open: async () => (await openVault(hooked)).session() };
}

const names = everything({} as VaultSession).map(([name]) => name);

describe('a store that breaks its contract', () => {
  it.each(names)('is told of in words, and nothing hangs: %s', async (name) => {
    for (const thrown of [new TypeError('undefined is not a function'), 'a string', undefined]) {
      const { hooked, open } = await prepared();
      const session = await open();
      const [, call] = everything(session).find(([one]) => one === name) as [string, () => Promise<unknown>];
      hooked.hook = () => {
        throw thrown;
      };
      await expect(call()).rejects.toSatisfy(
        (error) => error instanceof VaultError && error.code === 'unavailable' && error.cause === thrown,
      );
      hooked.hook = undefined;
      await call();
    }
  });
});

describe('a full or read-only store', () => {
  it.each(['no-space', 'read-only'] as const)('refuses writes with %s and goes on reading', async (code) => {
    const { hooked, open } = await prepared();
    const session = await open();
    hooked.hook = ({ method, when }) => {
      if ((method === 'putBlob' || method === 'swapRegister') && when === 'before')
        throw new StoreError(code, 'nothing goes');
    };
    for (const [name, call] of everything(session)) {
      if (['stat', 'list', 'entries', 'open', 'read', 'digest', 'readlink'].includes(name)) await call();
      else await expect(call(), name).rejects.toMatchObject({ code });
    }
    hooked.hook = undefined;
    expect(await collect(session.read(['f']))).toEqual(BIG);
    for (const [, call] of everything(session).filter(([name]) => name === 'write')) await call();
  });

  it('can be emptied again, and takes new files then', async () => {
    const grown = new MemoryStore();
    const session = (await (await emptyVault(grown))()).session();
    const paths = Array.from({ length: 600 }, (_, index) => [`f${index}`]);
    await Promise.all(
      paths.map((path, index) => session.write(path, new Uint8Array(index % 2 ? 900 : 3000).fill(1))),
    );
    let used = 0;
    for await (const { size } of grown.list('')) used += size;
    const full = new MemoryStore({ capacity: used + 2000, now: () => Date.now() });
    for await (const { key } of grown.list('')) {
      const state = await grown.readRegister(key);
      if (state.status === 'value') await full.swapRegister(key, null, state.bytes);
      else await full.putBlob(key, await grown.getBlob(key, { offset: 0, length: 10_000_000 }));
    }
    const open = await emptyVault(new MemoryStore());
    const vault = await open(full, { graceSeconds: 0 });
    const owner = vault.session();
    await expect(owner.write(['more'], new Uint8Array(50_000))).rejects.toMatchObject({ code: 'no-space' });
    for (const path of paths.slice(0, 590)) await owner.remove(path);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    await owner.remove(['f599']);
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await owner.write(['more'], new Uint8Array(50_000));
    expect((await owner.list([])).entries).toHaveLength(10);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  }, 60_000);
});

describe('a closed vault', () => {
  it('refuses everything, and publishes nothing from handles that were left open', async () => {
    const store = new MemoryStore();
    const open = await emptyVault(store);
    const vault = await open();
    const session = vault.session();
    await session.write(['f'], BIG);
    const handle = await session.open(['up'], { write: true, create: true });
    await handle.write(0, BIG);
    await vault.close();
    await vault.close();
    for (const [name, call] of everything(session))
      await expect(call(), name).rejects.toMatchObject({ code: 'closed' });
    await expect(handle.close()).rejects.toMatchObject({ code: 'closed' });
    const again = await open();
    expect((await again.session().list([])).entries.map((entry) => entry.name)).toEqual(['f']);
    await again.gc();
    expect((await again.check({ readContent: true })).problems).toEqual([]);
  });
});

describe('sizes', () => {
  it('that cannot be counted are refused to the one who brings them', async () => {
    const { open } = await prepared();
    const session = await open();
    const most = await session.open(['most'], { write: true, create: true });
    await most.truncate(Number.MAX_SAFE_INTEGER - 100_000);
    await most.close();
    const over = await session.open(['over'], { write: true, create: true });
    await over.truncate(1_000_000);
    const outcomes = await Promise.allSettled([over.close(), session.write(['small'], text('x'))]);
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'too-large' } });
    expect(outcomes[1]?.status).toBe('fulfilled');
    const appender = await session.open(['most'], { write: true, append: true });
    await appender.write(0, new Uint8Array(200_000)).catch(() => undefined);
    await expect(appender.close()).rejects.toMatchObject({ name: 'VaultError' });
    await session.remove(['most']);
    await session.write(['small'], text('y'));
  });

  it.each([0, -1, Number.NaN])('a page of a listing of %d entries is refused', async (limit) => {
    const { open } = await prepared();
    await expect((await open()).list([], { limit })).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('names', () => {
  it.each([
    ['', 'invalid-name'],
    ['a/b', 'invalid-name'],
    ['a\0b', 'invalid-name'],
    ['\ud800', 'invalid-name'],
    ['x'.repeat(1025), 'invalid-name'],
    ['é'.repeat(513), 'invalid-name'],
  ])('that no vault may hold are refused everywhere', async (name, code) => {
    const { open } = await prepared();
    const session = await open();
    for (const call of [
      () => session.stat([name]),
      () => session.list([name]),
      () => session.write([name], BIG),
      () => session.mkdir([name]),
      () => session.mkdir(['d', name, 'x'], { recursive: true }),
      () => session.rename(['f'], [name]),
      () => session.copy(['f'], [name]),
      () => session.remove([name]),
      () => session.open([name], { write: true, create: true }),
      () => collect(session.read([name])),
    ])
      await expect(call()).rejects.toMatchObject({ code });
  });

  it('that are odd are kept as they are, in the order of their bytes', async () => {
    const { open } = await prepared();
    const session = await open();
    await session.mkdir(['odd']);
    const odd = [
      '.',
      '..',
      ' ',
      '\n',
      'a',
      'a.',
      'A',
      'é',
      'e\u0301',
      '\uffee',
      '𐍈',
      'x'.repeat(1024),
      '"',
      '\u202e',
    ];
    for (const name of odd) await session.write(['odd', name], text(name));
    await session.mkdir(['odd', 'a!']);
    await session.mkdir(['odd', 'b']);
    const listed = (await session.list(['odd'])).entries.map(
      ({ name, kind }) => name + (kind === 'directory' ? '/' : ''),
    );
    const expected = [...odd, 'a!/', 'b/'].map((key) => Buffer.from(key).toString('hex')).sort();
    expect(listed.map((key) => Buffer.from(key).toString('hex'))).toEqual(expected);
    for (const name of odd) expect(await collect(session.read(['odd', name]))).toEqual(text(name));
  });
});
