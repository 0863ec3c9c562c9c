import { MemoryStore } from '@latchkey/store';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Keeping, ObjectSession, Vault } from '../src/index.js';
import { openFresh, text } from './fresh-vault.js';
import { HookedStore, lost } from './hooked-store.js';

/* What a directory at the top says of the versions below it: from when on, and what can be taken back. */

const LOCKS: Keeping = { versions: 'all', locks: true };
const retention = { mode: 'governance', seconds: 1000 } as const;

let store: HookedStore;
let vault: Vault;
let session: ObjectSession;
let reopen: () => Promise<Vault>;

beforeEach(async () => {
  store = new HookedStore(new MemoryStore());
  ({ vault, reopen } = await openFresh(store));
  session = vault.session();
});

describe('a bucket that is made with what it keeps', () => {
  it('has it in the commit that makes it', async () => {
    await session.mkdir(['before']);
    let swaps = 0;
    store.hook = ({ method, when }) => {
      if (method === 'swapRegister' && when === 'before') swaps += 1;
    };
    const { kind } = await session.versions.makeBucket('b', { ...LOCKS, retention });
    // Its own head, and the directory at the top.
    expect([kind, swaps]).toEqual(['directory', 2]);
    expect(await session.versions.keeping('b')).toEqual({ ...LOCKS, retention });
    await session.write(['b', 'f'], text('first'));
    expect((await session.versions.stat(['b', 'f'])).retention?.mode).toBe('governance');
  });

  it('is there with it or not at all, wherever its making is cut off', async () => {
    for (let stop = 1, cut = true; cut; stop++) {
      const name = `b${stop}`;
      let [calls, dead] = [0, false];
      store.hook = ({ method }) => {
        if (dead || (method !== 'readRegister' && ++calls === stop)) {
          dead = true;
          throw lost();
        }
      };
      const made = await session.versions.makeBucket(name, LOCKS).then(
        () => true,
        () => false,
      );
      store.hook = undefined;
      cut = !made || dead;
      const other = await reopen();
      const seen = other.session();
      const there = await seen.stat([name]).then(
        () => true,
        () => false,
      );
      expect([name, await seen.versions.keeping(name)]).toEqual([name, there ? LOCKS : undefined]);
      // Whoever tries again has one with locks in the end, or is told that there is one.
      await seen.versions.makeBucket(name, LOCKS).catch((error: unknown) => {
        expect([name, there, error]).toEqual([name, true, expect.objectContaining({ code: 'exists' })]);
      });
      expect(await seen.versions.keeping(name)).toEqual(LOCKS);
      await other.close();
      await vault.close().catch(() => undefined);
      vault = await reopen();
      session = vault.session();
    }
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });

  it('is refused like any directory that is there already', async () => {
    await session.mkdir(['there']);
    await session.write(['file'], text('x'));
    for (const name of ['there', 'file'])
      await expect(session.versions.makeBucket(name, LOCKS)).rejects.toMatchObject({ code: 'exists' });
    expect(await session.versions.keeping('there')).toBeUndefined();
    for (const name of ['', 'a/b'])
      await expect(session.versions.makeBucket(name, LOCKS)).rejects.toMatchObject({ code: 'invalid-name' });
  });
});

describe('locks', () => {
  beforeEach(async () => {
    await session.versions.makeBucket('b', { ...LOCKS, retention });
  });

  it.each([
    ['nothing kept', undefined],
    ['versions alone', { versions: 'all', locks: false }],
    ['versions suspended', { versions: 'suspended', locks: false }],
    ['versions suspended under locks', { versions: 'suspended', locks: true }],
  ] as const)('are not turned off: %s', async (_, weaker) => {
    const change = session.versions.setKeeping('b', () => weaker);
    await expect(change).rejects.toMatchObject({
      code: 'read-only',
      message: expect.stringContaining('object lock cannot be turned off'),
    });
    expect(await session.versions.keeping('b')).toEqual({ ...LOCKS, retention });
  });

  it('let their default be changed and taken away', async () => {
    const longer = { ...LOCKS, retention: { ...retention, seconds: 2000 } };
    for (const next of [longer, LOCKS]) {
      await session.versions.setKeeping('b', () => next);
      expect((await session.versions.bucket('b'))?.keeping).toEqual(next);
    }
  });

  it('are not had without all versions', async () => {
    const half = { versions: 'suspended', locks: true } as const;
    await session.mkdir(['c']);
    const set = session.versions.setKeeping('c', () => half);
    await expect(set).rejects.toMatchObject({ code: 'invalid-argument' });
    const made = session.versions.makeBucket('d', half);
    await expect(made).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(session.stat(['d'])).rejects.toMatchObject({ code: 'not-found' });
  });
});
