import { beforeEach, describe, expect, it } from 'vitest';
import type { Keeping, ObjectSession, Vault, VersionEntry } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

const ALL: Keeping = { versions: 'all', locks: false };
const SUSPENDED: Keeping = { versions: 'suspended', locks: false };
const BIG = 200_000;

let vault: Vault;
let session: ObjectSession;

function bytes(seed: number, length = BIG): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * 31 + seed) & 255);
}

async function keep(keeping: Keeping | undefined, bucket = 'b'): Promise<void> {
  await session.versions.setKeeping(bucket, () => keeping);
}

async function versions(...path: string[]): Promise<VersionEntry[]> {
  const { entries } = await session.versions.list(path.slice(0, -1));
  return entries.filter((one): one is VersionEntry => one.name === path.at(-1) && 'place' in one);
}

/** Of each version of a file, the newest first: its first byte, or `-` for a marker; `*` in front of the newest. */
async function history(...path: string[]): Promise<string> {
  const told: string[] = [];
  for (const one of await versions(...path)) {
    const star = one.latest ? '*' : '';
    if (one.marker) {
      told.push(`${star}-`);
      continue;
    }
    const reader = await session.versions.open(path, one.versionId);
    const content = await collect(reader.stream());
    await reader.close();
    expect(content.length).toBe(one.size);
    told.push(`${star}${content[0]}${one.versionId === 'null' ? 'n' : ''}`);
  }
  return told.join(' ');
}

async function sound(): Promise<void> {
  await vault.gc();
  expect((await vault.check({ readContent: true })).problems).toEqual([]);
}

beforeEach(async () => {
  ({ vault } = await openFresh());
  session = vault.session();
  await session.mkdir(['b']);
  await session.mkdir(['c']);
  await keep(ALL);
});

describe('a directory that keeps versions', () => {
  it('keeps what every way of writing replaces', async () => {
    const path = ['b', 'd', 'f'];
    await session.mkdir(['b', 'd']);
    await session.writeObject(path, bytes(1));
    await session.write(path, bytes(2));
    const truncating = await session.open(path, { write: true, create: true, truncate: true });
    await truncating.write(0, bytes(3));
    await truncating.close();
    const editing = await session.open(path, { write: true });
    await editing.write(0, new Uint8Array([4]));
    await editing.close();
    const appending = await session.open(path, { write: true, append: true });
    await appending.write(0, new Uint8Array([9]));
    await appending.close();
    await session.write(['c', 'x'], bytes(5));
    await session.copy(['c', 'x'], path, { replace: true });
    await session.write(['b', 'd', 'y'], bytes(6));
    await session.rename(['b', 'd', 'y'], path, { replace: true });
    await session.rename(['c', 'x'], path, { replace: true });
    await session.composeObject([{ path }], path, { describe: () => ({ properties: {}, attributes: {} }) });
    expect(await history(...path)).toBe('*5 5 6 5 4 4 3 2 1');
    expect(await history('b', 'd', 'y')).toBe('*- 6');
    await sound();
    expect(await history(...path)).toBe('*5 5 6 5 4 4 3 2 1');
    expect((await session.list(['b', 'd'])).entries.map((one) => one.name)).toEqual(['f']);
  });

  it('puts a marker in the place of what is removed or goes away', async () => {
    await session.write(['b', 'one'], bytes(1));
    await session.write(['b', 'two'], bytes(2));
    await session.write(['b', 'three'], bytes(3));
    await session.write(['b', 'four'], bytes(4));
    await session.remove(['b', 'one']);
    const { marker } = await session.removeObject(['b', 'two']);
    await session.rename(['b', 'three'], ['c', 'three']);
    await session.rename(['b', 'four'], ['b', 'five']);
    expect(await history('b', 'one')).toBe('*- 1');
    expect((await versions('b', 'two'))[0]?.versionId).toBe(marker);
    expect(await history('b', 'three')).toBe('*- 3');
    expect(await history('b', 'four')).toBe('*- 4');
    expect(await history('b', 'five')).toBe('*4');
    expect((await session.list(['b'])).entries.map((one) => one.name)).toEqual(['five']);
    await expect(session.stat(['b', 'one'])).rejects.toMatchObject({ code: 'not-found' });
    await expect(session.statObject(['b', 'one'])).rejects.toMatchObject({ code: 'not-found' });
    expect(await session.versions.stat(['b', 'one'])).toMatchObject({ marker: true, latest: true });
    await sound();
    expect(Buffer.compare(await collect(session.read(['c', 'three'])), bytes(3))).toBe(0);
    expect(await history('b', 'three')).toBe('*- 3');
  });

  it('does not take changes of attributes and drafts for versions', async () => {
    const path = ['b', 'f'];
    await session.write(path, bytes(1));
    const [{ versionId = '', revision = 0 } = {}] = await versions(...path);
    await session.setAttributes(path, { mode: 0o600 });
    const handle = await session.open(path, { write: true });
    await handle.write(0, bytes(2));
    await handle.abandon();
    expect(await history(...path)).toBe('*1');
    const [now] = await versions(...path);
    expect(now?.versionId).toBe(versionId);
    expect(now?.revision).toBeGreaterThan(revision);
    await session.write(path, bytes(3));
    expect(await history(...path)).toBe('*3 1');
    await sound();
  });

  it('keeps versions with a directory that is moved, and removes no directory that has only them', async () => {
    await session.mkdir(['b', 'd']);
    await session.write(['b', 'd', 'f'], bytes(1));
    await session.remove(['b', 'd', 'f']);
    await expect(session.rmdir(['b', 'd'])).rejects.toMatchObject({ code: 'not-empty' });
    await session.rename(['b', 'd'], ['b', 'e']);
    await session.rename(['b', 'e'], ['c', 'e']);
    expect(await history('c', 'e', 'f')).toBe('*- 1');
    await session.remove(['c', 'e'], { recursive: true });
    await sound();
  });
});

describe('the null version', () => {
  it('is what stood there before, and the one of all that is written while versions are suspended', async () => {
    await keep(undefined);
    await session.write(['b', 'f'], bytes(1));
    await keep(ALL);
    expect(await history('b', 'f')).toBe('*1n');
    await session.write(['b', 'f'], bytes(2));
    expect(await history('b', 'f')).toBe('*2 1n');
    await keep(SUSPENDED);
    await session.write(['b', 'f'], bytes(3));
    expect(await history('b', 'f')).toBe('*3n 2');
    await session.write(['b', 'f'], bytes(4));
    expect(await history('b', 'f')).toBe('*4n 2');
    await session.remove(['b', 'f']);
    expect(await history('b', 'f')).toBe('*- 2');
    expect((await versions('b', 'f'))[0]?.versionId).toBe('null');
    await session.write(['b', 'f'], bytes(5));
    await keep(ALL);
    await session.write(['b', 'f'], bytes(6));
    await session.write(['b', 'f'], bytes(7));
    expect(await history('b', 'f')).toBe('*7 6 5n 2');
    await keep(SUSPENDED);
    await session.write(['b', 'f'], bytes(8));
    expect(await history('b', 'f')).toBe('*8n 7 6 2');
    await sound();
  });
});

describe('destroying a version', () => {
  const path = ['b', 'd', 'f'];
  const at = async (index: number): Promise<string> => (await versions(...path))[index]?.versionId ?? '';

  it('brings back the newest that is left', async () => {
    for (const seed of [1, 2, 3]) await session.writeObject(path, bytes(seed), { existing: 1 });
    await session.removeObject(path, { existing: 1 });
    await session.removeObject(path, { existing: 1 });
    expect(await history(...path)).toBe('*- - 3 2 1');
    await session.versions.remove(path, await at(1));
    expect(await history(...path)).toBe('*- 3 2 1');
    const marker = await session.versions.remove(path, await at(0));
    expect(marker).toMatchObject({ marker: true, latest: true });
    expect(await history(...path)).toBe('*3 2 1');
    expect((await collect(session.read(path)))[0]).toBe(3);
    await session.versions.remove(path, await at(1));
    await session.versions.remove(path, await at(0));
    expect(await history(...path)).toBe('*1');
    await expect(session.versions.remove(path, 'null')).rejects.toMatchObject({ code: 'not-found' });
    await expect(session.versions.stat(path, '0'.repeat(11))).rejects.toMatchObject({ code: 'not-found' });
    await session.versions.remove(path, await at(0), { existing: 1 });
    expect((await session.list(['b'])).entries).toEqual([]);
    await sound();
  });

  it('deletes its segments, and none that others hold', async () => {
    await session.writeObject(path, bytes(1), { existing: 1 });
    const first = await at(0);
    await session.composeObject([{ path, version: first }], ['b', 'copy'], {
      describe: () => ({ properties: {}, attributes: {} }),
    });
    const handle = await session.open(path, { write: true });
    await handle.write(0, new Uint8Array([7]));
    await handle.close();
    await session.versions.remove(path, first);
    await sound();
    expect(Buffer.compare(await collect(session.read(['b', 'copy'])), bytes(1))).toBe(0);
    expect((await collect(session.read(path)))[0]).toBe(7);
  });
});

describe('versions that share segments', () => {
  it.each([
    [1, 7],
    [0, 1],
  ])('outlive one another: without version %i the first byte is %i', async (gone, left) => {
    const path = ['b', 'f'];
    // Nobody is waited for: what is released is deleted at the next commit.
    const { vault: made, reopen } = await openFresh(undefined, { graceSeconds: -1 });
    vault = made;
    session = vault.session();
    await session.mkdir(['b']);
    await keep(ALL);
    await session.write(path, bytes(1));
    const handle = await session.open(path, { write: true });
    await handle.write(0, new Uint8Array([7]));
    await handle.close();
    const [, old] = await versions(...path);
    expect(old?.size).toBe(BIG);
    await session.versions.remove(path, (await versions(...path))[gone]?.versionId ?? '');
    for (const name of ['x', 'y']) await session.write(['b', name], text(name));
    await vault.close();
    vault = await reopen();
    session = vault.session();
    expect(Buffer.compare((await collect(session.read(path))).subarray(1), bytes(1).subarray(1))).toBe(0);
    expect(await history(...path)).toBe(`*${left}`);
  });
});

describe('lists of versions', () => {
  it('go on anywhere, and cost the lists of names next to nothing', async () => {
    const names = ['a', 'a\u0001', 'b', 'z'];
    for (let round = 0; round < 400; round++) await session.write(['b', 'b'], text(`${round}`));
    for (const name of ['a', 'a\u0001', 'z']) {
      await session.write(['b', name], text(name));
      await session.write(['b', name], text(name));
    }
    await session.mkdir(['b', 'a']).catch(() => undefined);
    expect((await session.list(['b'])).entries.map((one) => one.name)).toEqual(names);
    const all = (await session.versions.list(['b'])).entries as VersionEntry[];
    expect(all).toHaveLength(406);
    for (const limit of [1, 7, 405]) {
      const paged: VersionEntry[] = [];
      let after: string | undefined;
      do {
        const page = await session.versions.list(['b'], { limit, ...(after === undefined ? {} : { after }) });
        paged.push(...(page.entries as VersionEntry[]));
        after = page.next;
      } while (after !== undefined && (limit > 1 || paged.length < 20));
      expect(paged).toEqual(all.slice(0, paged.length));
    }
    expect(all.filter((one) => one.latest).map((one) => one.name)).toEqual(names);
    const listed = (await session.listObjects(['b'], { limit: 2 })).entries;
    expect(listed.map((one) => one.name)).toEqual(['a', 'a\u0001']);
  });
});
