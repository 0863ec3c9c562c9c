import { MemoryStore, seededRandom } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import { type Vault, VaultError, type VaultSession } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { HookedStore } from './hooked-store.js';
import { emptyVault } from './template.js';

interface Crowd {
  readonly store: MemoryStore;
  readonly vaults: readonly [Vault, Vault];
  readonly sessions: readonly [VaultSession, VaultSession];
}

/** Gives way to others before and after some calls, as a store over a network does, so that the two interleave. */
function hesitant(store: MemoryStore, seed: number): HookedStore {
  const random = seededRandom(seed);
  const hooked = new HookedStore(store);
  hooked.hook = () => (random() < 0.5 ? undefined : new Promise((resolve) => setImmediate(resolve)));
  return hooked;
}

async function crowd(): Promise<Crowd> {
  const store = new MemoryStore();
  const open = await emptyVault(store);
  const vaults = [
    await open(hesitant(store, 1), { graceSeconds: 0 }),
    await open(hesitant(store, 2), { graceSeconds: 0 }),
  ] as const;
  return { store, vaults, sessions: [vaults[0].session(), vaults[1].session()] };
}

function codes(outcomes: readonly PromiseSettledResult<unknown>[]): string[] {
  return outcomes.map((one) => {
    if (one.status === 'fulfilled') return 'done';
    expect(one.reason).toBeInstanceOf(VaultError);
    return (one.reason as VaultError).code;
  });
}

async function listed(session: VaultSession, path: string[] = []): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of session.entries(path)) names.push(entry.name);
  return names;
}

async function expectClean({ vaults, sessions }: Crowd): Promise<void> {
  expect(await listed(sessions[0])).toEqual(await listed(sessions[1]));
  for (const vault of vaults) expect((await vault.check({ readContent: true })).problems).toEqual([]);
}

/** The same work through both programs in turn, all at once. */
function all(
  count: number,
  { sessions }: Crowd,
  work: (session: VaultSession, index: number) => Promise<unknown>,
): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled(
    Array.from({ length: count }, (_, index) => work(sessions[index % 2] as VaultSession, index)),
  );
}

describe('many at once on one directory', () => {
  it('makes every file of many creators', async () => {
    const both = await crowd();
    const names = Array.from({ length: 400 }, (_, index) => `f${index}`);
    const outcomes = await all(400, both, (session, index) => session.write([`f${index}`], text(`${index}`)));
    expect(codes(outcomes)).toEqual(names.map(() => 'done'));
    expect(await listed(both.sessions[0])).toEqual(names.sort());
    expect(await collect(both.sessions[1].read(['f123']))).toEqual(text('123'));
    await expectClean(both);
  });

  it.each<[string, (session: VaultSession) => Promise<unknown>]>([
    ['open', (session: VaultSession) => session.open(['x'], { write: true, create: true, exclusive: true })],
    ['mkdir', (session: VaultSession) => session.mkdir(['x'])],
    ['symlink', (session: VaultSession) => session.symlink('target', ['x'])],
  ])('lets one of many exclusive creators win: %s', async (_how, create) => {
    const both = await crowd();
    const outcomes = codes(await all(24, both, create));
    expect(outcomes.filter((code) => code === 'done')).toHaveLength(1);
    expect(outcomes.filter((code) => code === 'exists')).toHaveLength(23);
    await expectClean(both);
  });

  it('lets one of a file, a directory and a symlink have a name', async () => {
    for (let round = 0; round < 8; round++) {
      const both = await crowd();
      const makers: ((session: VaultSession) => Promise<unknown>)[] = [
        (session: VaultSession) => session.open(['x'], { write: true, create: true, exclusive: true }),
        (session: VaultSession) => session.mkdir(['x']),
        (session: VaultSession) => session.symlink('target', ['x']),
        (session: VaultSession) => session.write(['x'], text('x'), { exclusive: true }),
      ];
      const outcomes = codes(
        await all(8, both, (session, index) =>
          (makers[(index + round) % 4] as (typeof makers)[number])(session),
        ),
      );
      expect(outcomes.filter((code) => code === 'done')).toHaveLength(1);
      expect(await listed(both.sessions[0])).toEqual(['x']);
      await expectClean(both);
    }
  });

  it('loses no line of many appenders', async () => {
    const both = await crowd();
    await both.sessions[0].write(['log'], new Uint8Array(0));
    const outcomes = await all(40, both, async (session, index) => {
      const handle = await session.open(['log'], { write: true, append: true });
      await handle.write(0, text(`line ${index}\n`));
      if (index % 3 === 0) await handle.sync();
      await handle.write(0, text(`again ${index}\n`));
      await handle.close();
    });
    expect(new Set(codes(outcomes))).toEqual(new Set(['done']));
    const lines = new TextDecoder()
      .decode(await collect(both.sessions[0].read(['log'])))
      .trimEnd()
      .split('\n');
    const expected = Array.from({ length: 40 }, (_, index) => [`line ${index}`, `again ${index}`]).flat();
    expect([...lines].sort()).toEqual(expected.sort());
    for (let index = 0; index < 40; index++)
      expect(lines.indexOf(`line ${index}`)).toBeLessThan(lines.indexOf(`again ${index}`));
    await expectClean(both);
  });

  it('keeps one file under renamers who all want it, and one of theirs under one name', async () => {
    const both = await crowd();
    await both.sessions[0].write(['wanted'], text('wanted'));
    for (let index = 0; index < 20; index++) await both.sessions[0].write([`from${index}`], text(`${index}`));
    const [apart, together] = await Promise.all([
      all(20, both, (session, index) => session.rename(['wanted'], [`got${index}`])),
      all(20, both, (session, index) => session.rename([`from${index}`], ['to'], { replace: true })),
    ]);
    expect(codes(apart).filter((code) => code === 'done')).toHaveLength(1);
    expect(codes(apart).filter((code) => code === 'not-found')).toHaveLength(19);
    expect(new Set(codes(together))).toEqual(new Set(['done']));
    const names = await listed(both.sessions[0]);
    expect(names).toHaveLength(2);
    expect(names).toContain('to');
    await expectClean(both);
  });
});

describe('a directory that is removed', () => {
  it('never takes a file with it that was put there after', async () => {
    for (let round = 0; round < 20; round++) {
      const both = await crowd();
      const [a, b] = both.sessions;
      await a.mkdir(['d']);
      const [removed, put] = codes(
        await Promise.allSettled([
          round % 2 ? a.rmdir(['d']) : b.rmdir(['d']),
          b.write(['d', 'f'], text('x')),
        ]),
      );
      if (put === 'done') {
        expect(removed).toBe('not-empty');
        expect(await collect(a.read(['d', 'f']))).toEqual(text('x'));
      } else {
        expect(put).toBe('not-found');
        expect(removed).toBe('done');
        await expect(a.stat(['d'])).rejects.toMatchObject({ code: 'not-found' });
      }
      await expectClean(both);
    }
  });

  it('can be made anew at once by many, again and again', async () => {
    const both = await crowd();
    const outcomes = await all(
      40,
      both,
      (session, index): Promise<unknown> =>
        index % 4 < 2 ? session.mkdir(['d'], { recursive: true }) : session.rmdir(['d']),
    );
    for (const code of codes(outcomes)) expect(['done', 'not-found', 'exists']).toContain(code);
    const names = await listed(both.sessions[0]);
    expect(['', 'd']).toContain(names.join());
    await both.sessions[0].mkdir(['d'], { recursive: true });
    await both.sessions[1].write(['d', 'f'], text('x'));
    await expectClean(both);
  });
});

describe('directories that are moved', () => {
  it('never form a cycle', async () => {
    for (let round = 0; round < 6; round++) {
      const both = await crowd();
      const [a, b] = both.sessions;
      await a.mkdir(['x']);
      await a.mkdir(['y']);
      await a.write(['x', 'fx'], text('x'));
      await a.write(['y', 'fy'], text('y'));
      const outcomes = codes(
        await Promise.allSettled([a.rename(['x'], ['y', 'x']), b.rename(['y'], ['x', 'y'])]),
      );
      expect(outcomes.filter((code) => code === 'done')).toHaveLength(1);
      const inner = outcomes[0] === 'done' ? ['y', 'x', 'fx'] : ['x', 'y', 'fy'];
      expect((await collect(a.read(inner))).length).toBe(1);
      await expectClean(both);
    }
  });

  it('take along what is written into them meanwhile', async () => {
    const both = await crowd();
    const [a, b] = both.sessions;
    await a.mkdir(['p', 'd'], { recursive: true });
    await a.mkdir(['q']);
    const moving = (async () => {
      for (let round = 0; round < 6; round++) {
        await a.rename(['p', 'd'], ['q', 'd']);
        await a.rename(['q', 'd'], ['p', 'd']);
      }
    })();
    const written: string[] = [];
    const writing = (async () => {
      for (let index = 0; index < 60; index++) {
        for (const top of ['p', 'q']) {
          const outcome = await Promise.allSettled([b.write([top, 'd', `f${index}`], text(`${index}`))]);
          if (codes(outcome)[0] === 'done') {
            written.push(`f${index}`);
            break;
          }
          expect(codes(outcome)).toEqual(['not-found']);
        }
      }
    })();
    await Promise.all([moving, writing]);
    expect(written.length).toBeGreaterThan(20);
    expect(await listed(a, ['p', 'd'])).toEqual(written.sort());
    await expectClean(both);
  });

  it('end up at one place when many move the same one', async () => {
    const both = await crowd();
    await both.sessions[0].mkdir(['d']);
    await both.sessions[0].write(['d', 'f'], text('x'));
    for (let index = 0; index < 6; index++) await both.sessions[0].mkdir([`t${index}`]);
    const outcomes = codes(await all(6, both, (session, index) => session.rename(['d'], [`t${index}`, 'd'])));
    expect(outcomes.sort()).toEqual(['done', ...Array.from({ length: 5 }, () => 'not-found')].sort());
    await expectClean(both);
  });
});

describe('a reader during an overwrite', () => {
  it('sees one version or the other, never a mix', async () => {
    const both = await crowd();
    const [a, b] = both.sessions;
    const version = (number: number): Uint8Array => new Uint8Array(300_000 + number * 1000).fill(number);
    await a.write(['f'], version(0));
    let done = false;
    const writing = (async () => {
      for (let number = 1; number <= 12; number++) await a.write(['f'], version(number));
      done = true;
    })();
    let read = 0;
    while (!done) {
      const bytes = await collect(b.read(['f'])).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'stale' });
      });
      if (bytes === undefined) continue;
      read++;
      expect(bytes).toHaveLength(300_000 + (bytes[0] as number) * 1000);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    }
    await writing;
    expect(read).toBeGreaterThan(0);
    expect((await collect(b.read(['f'])))[0]).toBe(12);
    await expectClean(both);
  });

  it('that opened the old version goes on reading it', async () => {
    const both = await crowd();
    const [a, b] = both.sessions;
    await a.write(['f'], new Uint8Array(500_000).fill(1));
    const handle = await b.open(['f'], { read: true });
    expect(await handle.read(0, 10)).toEqual(new Uint8Array(10).fill(1));
    await a.write(['f'], new Uint8Array(400_000).fill(2));
    const rest = await handle.read(10, 500_000);
    expect(rest).toHaveLength(499_990);
    expect(rest.every((byte) => byte === 1)).toBe(true);
    await handle.close();
  });
});
