import { MemoryStore } from '@latchkey/store';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Attributes, Vault, VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { emptyVault } from './template.js';

afterEach(() => {
  vi.useRealTimers();
});

const BIG = new Uint8Array(5000).map((_, index) => index & 255);

async function two(): Promise<{
  store: MemoryStore;
  vaults: [Vault, Vault];
  a: VaultSession;
  b: VaultSession;
}> {
  const store = new MemoryStore();
  const open = await emptyVault(store);
  const vaults: [Vault, Vault] = [
    await open(store, { graceSeconds: 0 }),
    await open(store, { graceSeconds: 0 }),
  ];
  return { store, vaults, a: vaults[0].session(), b: vaults[1].session() };
}

/** Lets every release note fall due and has both programs sweep. */
async function sweep(sessions: readonly VaultSession[]): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
  for (const session of sessions) {
    await session.write(['touch'], text('x'));
    await session.remove(['touch']);
  }
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a handle whose file goes away', () => {
  it.each([
    ['removed', (b: VaultSession) => b.remove(['f'])],
    ['renamed', (b: VaultSession) => b.rename(['f'], ['g'])],
    [
      'moved',
      async (b: VaultSession) => {
        await b.mkdir(['d']);
        await b.rename(['f'], ['d', 'f']);
      },
    ],
    [
      'replaced by another of that name',
      async (b: VaultSession) => {
        await b.write(['other'], BIG.slice(0, 4000));
        await b.rename(['other'], ['f'], { replace: true });
      },
    ],
  ])('never refers to what was given up: %s', async (_what, change) => {
    for (const ending of ['close', 'abandon'] as const) {
      const { a, b, vaults } = await two();
      await a.write(['f'], BIG);
      const handle = await a.open(['f'], { write: true, read: true });
      await handle.write(10, text('middle'));
      await change(b);
      await handle[ending]().catch((error: unknown) => expect(error).toMatchObject({ code: 'stale' }));
      await sweep([a, b]);
      for (const path of [['f'], ['g'], ['d', 'f']]) {
        const entry = await b.stat(path).catch(() => undefined);
        if (entry === undefined) continue;
        expect((await collect(b.read(path))).length).toBe(entry.size);
      }
      expect((await vaults[1].check({ readContent: true })).problems).toEqual([]);
      if (await b.stat(['g']).catch(() => undefined)) await b.remove(['g']);
      await sweep([a, b]);
      expect((await vaults[1].check({ readContent: true })).problems).toEqual([]);
    }
  });

  it('keeps a draft that still stands when its version has been replaced meanwhile', async () => {
    const { a, b, vaults } = await two();
    await a.write(['f'], BIG);
    const handle = await a.open(['f'], { write: true });
    await handle.write(5000, BIG);
    await b.write(['f'], text('new'));
    await handle.abandon();
    await sweep([a, b]);
    expect(await collect(b.read(['f']))).toEqual(text('new'));
    expect((await vaults[1].check({ readContent: true })).problems).toEqual([]);
  });
});

describe('a handle', () => {
  it('sees the attributes that were set through it', async () => {
    const { a } = await two();
    await a.write(['f'], BIG);
    const handle = await a.open(['f'], { write: true });
    await handle.setAttributes({ mode: 0o600, modified: { seconds: 7, nanoseconds: 8 } });
    expect(await handle.stat()).toMatchObject({ mode: 0o600, modified: { seconds: 7, nanoseconds: 8 } });
    await handle.write(0, text('x'));
    await handle.close();
    expect(await a.stat(['f'])).toMatchObject({ mode: 0o600, size: 5000 });
  });

  it('can be closed twice at once', async () => {
    const { a } = await two();
    const handle = await a.open(['f'], { write: true, create: true });
    await handle.write(0, BIG);
    await Promise.all([handle.close(), handle.close()]);
    await handle.close();
    expect((await a.stat(['f'])).size).toBe(5000);
    await expect(handle.write(0, text('x'))).rejects.toMatchObject({ code: 'closed' });
  });

  it('does not write the same bytes again at every sync', async () => {
    const { store, a } = await two();
    const handle = await a.open(['log'], { write: true, create: true, append: true });
    let expected = '';
    for (let line = 0; line < 200; line++) {
      expected += `${line}`.padEnd(100, '.');
      await handle.write(0, text(`${line}`.padEnd(100, '.')));
      await handle.sync();
    }
    await handle.close();
    expect(await collect(a.read(['log']))).toEqual(text(expected));
    let stored = 0;
    for await (const { size } of store.list('b/')) stored += size;
    expect(stored).toBeLessThan(1_000_000);
  });

  it.each([
    [-1, 5],
    [0.5, 5],
    [Number.NaN, 5],
    [0, -5],
    [0, Number.NaN],
  ])('refuses to read %d, %d', async (offset, length) => {
    const { a } = await two();
    await a.write(['f'], BIG);
    for (const options of [{ read: true }, { read: true, write: true }]) {
      const handle = await a.open(['f'], options);
      await expect(handle.read(offset, length)).rejects.toMatchObject({ code: 'invalid-argument' });
      await handle.close();
    }
    await expect(collect(a.read(['f'], { offset, length }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});

describe('write', () => {
  it.each([false, true])('leaves nothing behind when the source throws, exclusive %s', async (exclusive) => {
    const { a } = await two();
    class Broken extends Error {}
    async function* source(): AsyncGenerator<Uint8Array> {
      yield BIG;
      throw new Broken('the client went away');
    }
    await expect(a.write(['f'], source(), { exclusive })).rejects.toBeInstanceOf(Broken);
    await expect(a.stat(['f'])).rejects.toMatchObject({ code: 'not-found' });
    expect((await a.list([])).entries).toEqual([]);
  });

  it('has one winner when it is exclusive', async () => {
    const { a, b } = await two();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? a : b).write(['f'], text(`${index}`), { exclusive: true }),
      ),
    );
    const won = outcomes.flatMap((one, index) => (one.status === 'fulfilled' ? [index] : []));
    expect(won).toHaveLength(1);
    expect(await collect(a.read(['f']))).toEqual(text(`${won[0]}`));
    for (const one of outcomes)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'exists' });
    await expect(a.write(['f'], text('x'), { exclusive: true })).rejects.toMatchObject({ code: 'exists' });
  });
});

describe('copy', () => {
  it('of an unfinished upload has its content', async () => {
    const { a, vaults } = await two();
    const handle = await a.open(['up'], { write: true, create: true });
    await handle.write(0, BIG);
    await handle.abandon();
    await a.copy(['up'], ['copy']);
    expect(await collect(a.read(['copy']))).toEqual(BIG);
    expect((await a.stat(['copy'])).draft).toBe(false);
    expect((await vaults[0].check({ readContent: true })).problems).toEqual([]);
  });

  it('onto itself changes attributes, and is refused without replace', async () => {
    const { a } = await two();
    await a.write(['f'], BIG);
    await expect(a.copy(['f'], ['f'])).rejects.toMatchObject({ code: 'exists' });
    await a.copy(['f'], ['f'], { replace: true, attributes: { mode: 0o640 } });
    expect(await a.stat(['f'])).toMatchObject({ mode: 0o640, size: 5000 });
  });
});

describe('what operations return', () => {
  it('is what stat says', async () => {
    const { a } = await two();
    for (const make of [
      () => a.write(['w'], BIG),
      () => a.mkdir(['d']),
      () => a.symlink('w', ['s']),
      () => a.copy(['w'], ['c']),
      () => a.setAttributes(['w'], { mode: 0o600 }),
    ]) {
      const entry = await make();
      expect(await a.stat([entry.name])).toEqual(entry);
    }
  });
});

describe('attributes', () => {
  it.each<[string, Attributes, string | undefined]>([
    ['a mode with the type of file', { mode: 0o100_644 }, undefined],
    ['a negative mode', { mode: -1 }, 'invalid-argument'],
    ['a mode with a fraction', { mode: 1.5 }, 'invalid-argument'],
    ['fractions of a second', { modified: { seconds: 1.5, nanoseconds: 0 } }, 'invalid-argument'],
    ['too many nanoseconds', { modified: { seconds: 1, nanoseconds: 1e9 } }, 'invalid-argument'],
    ['a time before 1970', { modified: { seconds: -5, nanoseconds: 1 } }, undefined],
    ['a long value', { metadata: new Map([['k', 'v'.repeat(5000)]]) }, 'too-large'],
    [
      'many long values',
      { metadata: new Map(Array.from({ length: 20 }, (_, i) => [`${i}`, 'v'.repeat(4000)])) },
      'too-large',
    ],
    ['text that is not Unicode', { metadata: new Map([['k', '\ud800']]) }, 'invalid-argument'],
  ])('that are %s are accepted or refused in words', async (_what, attributes, code) => {
    const { a } = await two();
    await a.write(['old'], text('x'));
    const tries = [
      () => a.mkdir(['d'], { attributes }),
      () => a.write(['f'], text('x'), { attributes }),
      () => a.setAttributes(['old'], attributes),
      () => a.copy(['old'], ['copy'], { attributes }),
      async () => {
        const handle = await a.open(['old'], { write: true });
        try {
          await handle.write(0, text('y'));
          await handle.setAttributes(attributes);
        } finally {
          await handle.close();
        }
      },
    ];
    for (const attempt of tries) {
      if (code === undefined) await attempt();
      else await expect(attempt()).rejects.toMatchObject({ name: 'VaultError', code });
    }
    expect(await collect(a.read(['old']))).toEqual(text('y'));
    if (attributes.mode === 0o100_644) expect((await a.stat(['d'])).mode).toBe(0o644);
  });
});
