import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectSession, Vault, VersionEntry } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

const HOUR = 3600;

let vault: Vault;
let session: ObjectSession;

beforeEach(async () => {
  ({ vault } = await openFresh());
  session = vault.session();
  await session.mkdir(['b']);
  await session.mkdir(['c']);
  const retention = { mode: 'compliance', seconds: HOUR } as const;
  await session.versions.setKeeping('b', () => ({ versions: 'all', locks: true, retention }));
});

/** What has versions in the bucket, with `!` when it is locked. */
async function versions(): Promise<string[]> {
  const { entries } = await session.versions.list(['b']);
  return entries
    .filter((one): one is VersionEntry => 'place' in one && !one.marker)
    .map(({ name, retention }) => `${name}${retention === undefined ? '' : '!'}`);
}

async function draft(...path: string[]): Promise<void> {
  const handle = await session.open(path, { write: true, create: true });
  await handle.write(0, text('half'));
  await handle.abandon();
}

describe('a default retention', () => {
  it.each([
    ['within the bucket', ['b', 'link']],
    ['into it', ['c', 'link']],
  ])('does not lock a symlink that is moved %s', async (_, from) => {
    await session.symlink('f', from);
    await session.rename(from, ['b', 'moved']);
    await session.remove(['b', 'moved']);
    expect(await versions()).toEqual([]);
    await session.remove(['b'], { recursive: true });
  });

  it.each([
    ['within the bucket', ['b', 'half']],
    ['into it', ['c', 'half']],
  ])(
    'does not lock an unfinished upload that is moved %s, and locks it once it is finished',
    async (_, from) => {
      await draft(...from);
      await session.rename(from, ['b', 'moved']);
      expect(await versions()).toEqual([]);
      const handle = await session.open(['b', 'moved'], { write: true });
      await handle.write(4, text(' and whole'));
      await handle.close();
      expect(await versions()).toEqual(['moved!']);
      await draft('c', 'other');
      await session.rename(['c', 'other'], ['b', 'other']);
      await session.remove(['b', 'other']);
      expect((await vault.check({ readContent: true })).problems).toEqual([]);
    },
  );
});

describe('a file that a symlink has taken the place of', () => {
  it.each(['all', 'suspended'] as const)('does not come back when that is removed: %s', async (kept) => {
    await session.versions.setKeeping('c', () => ({ versions: 'all', locks: false }));
    await session.write(['c', 'f'], text('file'));
    await session.versions.setKeeping('c', () => ({ versions: kept, locks: false }));
    await session.symlink('elsewhere', ['c', 'link']);
    await session.rename(['c', 'link'], ['c', 'f'], { replace: true });
    await session.remove(['c', 'f']);
    await expect(session.stat(['c', 'f'])).rejects.toMatchObject({ code: 'not-found' });
    const { entries } = await session.versions.list(['c']);
    const about = entries.map((one) => 'place' in one && [one.marker, one.latest, one.versionId === 'null']);
    expect(about).toEqual([
      [true, true, kept === 'suspended'],
      [false, false, false],
    ]);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });
});

describe('a file that is open while its bucket is renamed', () => {
  it('is published as a new version, and the old one stays', async () => {
    await session.versions.setKeeping('c', () => ({ versions: 'all', locks: false }));
    await session.write(['c', 'f'], text('old'));
    await session.versions.setKeeping('b', () => ({ versions: 'all', locks: true }));
    const locked = await session.writeObject(['b', 'f'], text('old'), { attributes: { legalHold: true } });
    for (const [from, to] of [
      ['c', 'd'],
      ['b', 'e'],
    ] as const) {
      const handle = await session.open([from, 'f'], { write: true, truncate: true });
      await handle.write(0, text('new'));
      await session.rename([from], [to]);
      await handle.close();
      const { entries } = await session.versions.list([to]);
      expect(entries.map(({ versionId }) => versionId)).toHaveLength(2);
      const reader = await session.versions.open([to, 'f'], `${entries[1]?.versionId}`);
      expect(Buffer.from(await collect(reader.stream())).toString()).toBe('old');
      await reader.close();
    }
    expect((await session.versions.stat(['e', 'f'], locked.versionId)).legalHold).toBe(true);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });
});
