import { beforeEach, describe, expect, it } from 'vitest';
import type { ObjectSession, Retention, Vault } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

const LATER = Math.floor(Date.now() / 1000) + 3600;
const GOVERNANCE: Retention = { mode: 'governance', until: LATER };
const COMPLIANCE: Retention = { mode: 'compliance', until: LATER };
const PATH = ['b', 'd', 'f'];
const LOCKED = { code: 'read-only' };

let vault: Vault;
let session: ObjectSession;
let id: string;

beforeEach(async () => {
  ({ vault } = await openFresh());
  session = vault.session();
  await session.mkdir(['b']);
  await session.mkdir(['c']);
  await session.versions.setKeeping('b', () => ({ versions: 'all', locks: true }));
  const { versionId } = await session.writeObject(PATH, text('locked'), {
    existing: 1,
    attributes: { retention: COMPLIANCE },
  });
  id = versionId ?? '';
});

async function stands(): Promise<void> {
  const reader = await session.versions.open(PATH, id);
  expect(Buffer.from(await collect(reader.stream())).toString()).toBe('locked');
  await reader.close();
  expect((await vault.check({ readContent: true })).problems).toEqual([]);
}

describe('a locked version', () => {
  it('outlives all that file protocols can do to its name', async () => {
    await session.write(PATH, text('over'));
    await session.remove(PATH);
    await expect(session.rmdir(['b', 'd'])).rejects.toMatchObject({ code: 'not-empty' });
    await session.write(PATH, text('again'));
    await session.rename(PATH, ['c', 'g']);
    await session.write(['b', 'd', 'h'], text('h'));
    await session.rename(['b', 'd', 'h'], PATH, { replace: true });
    await stands();
  });

  it('keeps the directories above it from being removed, and nothing else from it', async () => {
    await session.write(['b', 'd', 'e', 'x'], text('x'), { parents: true });
    for (const path of [['b'], ['b', 'd']])
      await expect(session.remove(path, { recursive: true })).rejects.toMatchObject(LOCKED);
    expect((await session.list(['b', 'd'])).entries.map(({ name }) => name)).toEqual(['e', 'f']);
    await session.remove(['b', 'd', 'e'], { recursive: true });
    await expect(session.stat(['b', 'd', 'e'])).rejects.toMatchObject({ code: 'not-found' });
    await stands();
  });

  it('does not leave with its directory for where nothing is kept', async () => {
    await expect(session.rename(['b', 'd'], ['c', 'd'])).rejects.toMatchObject(LOCKED);
    await expect(session.rename(['b', 'd'], ['d'])).rejects.toMatchObject(LOCKED);
    await expect(session.rename(['b'], ['c', 'b'])).rejects.toMatchObject(LOCKED);
    await session.rename(['b', 'd'], ['b', 'moved']);
    await session.rename(['b', 'moved'], ['b', 'd']);
    await session.rename(['b'], ['renamed']);
    await expect(session.remove(['renamed'], { recursive: true })).rejects.toMatchObject(LOCKED);
    await session.rename(['renamed'], ['b']);
    await stands();
  });

  it('is not replaced even where nothing is kept', async () => {
    const path = ['c', 'd', 'f'];
    const attributes = { retention: COMPLIANCE };
    await session.writeObject(path, text('locked, too'), { existing: 1, attributes });
    for (const work of [
      session.write(path, text('over')),
      session.remove(path),
      session.removeObject(path),
      session.rename(path, ['c', 'g']),
      session.rename(path, ['b', 'g']),
    ])
      await expect(work).rejects.toMatchObject(LOCKED);
    for (const to of ['b', 'c'])
      await expect(session.stat([to, 'g'])).rejects.toMatchObject({ code: 'not-found' });
    expect(Buffer.from(await collect(session.read(path))).toString()).toBe('locked, too');
  });

  it('is destroyed by nobody under compliance, by who overrides it under governance, by all without', async () => {
    const remove = (path: readonly string[], version: string, overrideGovernance = false): Promise<unknown> =>
      session.versions.remove(path, version, { overrideGovernance });
    await expect(remove(PATH, id)).rejects.toMatchObject(LOCKED);
    await expect(remove(PATH, id, true)).rejects.toMatchObject(LOCKED);
    const write = async (attributes: object): Promise<string> =>
      (await session.writeObject(['b', 'g'], text('g'), { attributes })).versionId ?? '';
    const governed = await write({ retention: GOVERNANCE });
    await expect(remove(['b', 'g'], governed)).rejects.toMatchObject(LOCKED);
    await remove(['b', 'g'], governed, true);
    const ended = await write({ retention: { mode: 'compliance', until: LATER - 7200 } });
    await remove(['b', 'g'], ended);
    const held = await write({ legalHold: true });
    await expect(remove(['b', 'g'], held, true)).rejects.toMatchObject(LOCKED);
    await session.versions.change(['b', 'g'], held, () => ({ legalHold: false }));
    await remove(['b', 'g'], held);
    await expect(session.stat(['b', 'g'])).rejects.toMatchObject({ code: 'not-found' });
    await stands();
  });

  it('can be locked for longer, and not for less', async () => {
    const change = (retention: Retention | null, overrideGovernance = false): Promise<unknown> =>
      session.versions.change(PATH, id, () => ({ retention }), { overrideGovernance });
    for (const weaker of [null, { ...COMPLIANCE, until: LATER - 1 }, { ...GOVERNANCE, until: LATER + 9 }])
      await expect(change(weaker, true)).rejects.toMatchObject(LOCKED);
    await change({ ...COMPLIANCE, until: LATER + 9 });
    expect(await session.versions.stat(PATH, id)).toMatchObject({ retention: { until: LATER + 9 } });
    await session.writeObject(PATH, text('new'), { attributes: { retention: GOVERNANCE } });
    const newest = (await session.versions.stat(PATH)).versionId;
    const govern = (retention: Retention | null, overrideGovernance: boolean): Promise<unknown> =>
      session.versions.change(PATH, newest, () => ({ retention }), { overrideGovernance });
    await expect(govern(null, false)).rejects.toMatchObject(LOCKED);
    await govern(COMPLIANCE, false);
    await expect(govern(GOVERNANCE, true)).rejects.toMatchObject(LOCKED);
    await stands();
  });

  it('is what every new one is by default where the top says so', async () => {
    const retention = { mode: 'governance', seconds: 1000 } as const;
    await session.versions.setKeeping('b', (old) => ({ versions: 'all', locks: true, ...old, retention }));
    await session.write(['b', 'over-sftp'], text('x'));
    const entry = await session.versions.stat(['b', 'over-sftp']);
    const left = (entry.retention?.until ?? 0) - Date.now() / 1000;
    expect(entry.retention?.mode).toBe('governance');
    expect(Math.abs(left - 1000)).toBeLessThan(100);
  });
});
