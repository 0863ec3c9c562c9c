import { MemoryStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import { type ObjectEntry, type ObjectSession, STAGING } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

async function fresh(): Promise<ObjectSession> {
  const { vault } = await openFresh();
  return vault.session();
}

function bytes(length: number, seed: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => (index * 31 + seed) & 255);
}

async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function contentOf(session: ObjectSession, ...path: string[]): Promise<Uint8Array> {
  return collect(session.read(path));
}

describe('objects of a vault', () => {
  it('keeps what is said about content until the content changes', async () => {
    const session = await fresh();
    await session.mkdir(['b']);
    const digests = new Map([['crc32', bytes(4, 1)]]);
    const written = await session.writeObject(['b', 'x', 'y'], chunks(text('hel'), text('lo')), {
      existing: 1,
      attributes: { metadata: new Map([['k', 'v']]), tags: new Map([['t', '1']]) },
      describe: (size) => ({ contentType: 'text/plain', etag: `e${size}`, digests, partSizes: [3, 2] }),
    });
    expect(written).toMatchObject({ size: 5, etag: 'e5', contentType: 'text/plain', partSizes: [3, 2] });
    const found = await session.statObject(['b', 'x', 'y']);
    expect(found).toEqual(written);
    expect([...found.metadata, ...found.tags]).toEqual([
      ['k', 'v'],
      ['t', '1'],
    ]);
    const [listed] = (await session.listObjects(['b', 'x'])).entries;
    expect(listed).toEqual(written);
    const handle = await session.open(['b', 'x', 'y'], { write: true, append: true });
    await handle.write(0, text('!'));
    await handle.close();
    const changed = await session.statObject(['b', 'x', 'y']);
    expect(changed.etag).toBeUndefined();
    expect(changed.digests).toBeUndefined();
  });

  it.each([10, 3_000_000])('stores %i bytes and reads stretches of one version', async (size) => {
    const session = await fresh();
    const content = bytes(size, 3);
    await session.writeObject(['f'], chunks(content.subarray(0, 4), content.subarray(4)));
    const reader = await session.openObject(['f']);
    await session.writeObject(['f'], text('other'));
    expect(Buffer.compare(await collect(reader.stream()), content)).toBe(0);
    expect(Buffer.compare(await collect(reader.stream(3, 5)), content.subarray(3, 8))).toBe(0);
    expect(reader.entry.size).toBe(size);
    await reader.close();
    expect(await contentOf(session, 'f')).toEqual(text('other'));
  });

  it('changes nothing when the source, the description or the precondition refuses', async () => {
    const session = await fresh();
    await session.writeObject(['f'], text('old'), { describe: () => ({ etag: 'old' }) });
    const refusal = new RangeError('no');
    const throwing = (): never => {
      throw refusal;
    };
    const broken = (async function* () {
      yield bytes(100_000, 1);
      throw refusal;
    })();
    await expect(session.writeObject(['f'], broken)).rejects.toBe(refusal);
    await expect(session.writeObject(['f'], text('new'), { describe: throwing })).rejects.toBe(refusal);
    const seen: (ObjectEntry | undefined)[] = [];
    const precondition = (current: ObjectEntry | undefined): void => {
      seen.push(current);
      throw refusal;
    };
    await expect(session.writeObject(['f'], text('new'), { precondition })).rejects.toBe(refusal);
    await expect(session.removeObject(['f'], { precondition })).rejects.toBe(refusal);
    await expect(session.writeObject(['none'], text('new'), { precondition })).rejects.toBe(refusal);
    expect(seen.map((entry) => entry?.etag)).toEqual(expect.arrayContaining(['old', undefined]));
    expect(await contentOf(session, 'f')).toEqual(text('old'));
    expect((await session.list([])).entries.map((entry) => entry.name)).toEqual(['f']);
  });

  it('lets exactly one of many conditional writers win', async () => {
    const session = await fresh();
    const taken = new Error('taken');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        session.writeObject(['f'], text(`writer ${index}`), {
          precondition: (current) => {
            if (current !== undefined) throw taken;
          },
        }),
      ),
    );
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(outcomes.filter((one) => one.status === 'rejected' && one.reason === taken)).toHaveLength(19);
  });

  it('makes implied parents, never the first names, and takes them away again', async () => {
    const session = await fresh();
    await expect(session.writeObject(['b', 'x'], text('1'), { existing: 1 })).rejects.toMatchObject({
      code: 'not-found',
    });
    await session.mkdir(['b']);
    await session.mkdir(['b', 'kept']);
    for (const path of [
      ['b', 'i', 'j', 'k'],
      ['b', 'kept', 'k'],
    ])
      await session.writeObject(path, text('1'), { existing: 1 });
    expect((await session.statObject(['b', 'i'])).explicit).toBe(false);
    expect((await session.statObject(['b', 'kept'])).explicit).toBe(true);
    await session.removeObject(['b', 'i', 'j', 'k'], { existing: 1 });
    await session.removeObject(['b', 'kept', 'k'], { existing: 1 });
    expect((await session.list(['b'])).entries.map((entry) => entry.name)).toEqual(['kept']);
    await expect(session.removeObject(['b', 'none'])).rejects.toMatchObject({ code: 'not-found' });
  });

  it('makes the same parents for many writers at once', async () => {
    const session = await fresh();
    await session.mkdir(['b']);
    const names = Array.from({ length: 40 }, (_, index) => `${index}`);
    await Promise.all([
      ...names.map((name) => session.writeObject(['b', 'i', 'j', name], text(name), { existing: 1 })),
      ...names.map((name) => session.mkdir(['b', 'k', 'l', name], { recursive: true })),
    ]);
    expect((await session.list(['b', 'i', 'j'])).entries).toHaveLength(40);
    expect((await session.list(['b', 'k', 'l'])).entries).toHaveLength(40);
  });

  it('writes into a directory that is pruned at the same time', async () => {
    const session = await fresh();
    await session.mkdir(['b']);
    for (let round = 0; round < 10; round++) {
      await session.writeObject(['b', 'd', 'old'], text('1'), { existing: 1 });
      await Promise.all([
        session.removeObject(['b', 'd', 'old'], { existing: 1 }),
        session.writeObject(['b', 'd', 'new'], text('2'), { existing: 1 }),
      ]);
      expect(await contentOf(session, 'b', 'd', 'new')).toEqual(text('2'));
      await session.removeObject(['b', 'd', 'new'], { existing: 1 });
    }
    expect((await session.list(['b'])).entries).toEqual([]);
  });

  it('turns directories into markers and back', async () => {
    const session = await fresh();
    await session.mkdir(['b']);
    await session.makeMarker(['b', 'd', 'e'], {
      existing: 1,
      attributes: { metadata: new Map([['a', '1']]) },
    });
    expect((await session.statObject(['b', 'd'])).explicit).toBe(false);
    expect(await session.statObject(['b', 'd', 'e'])).toMatchObject({ explicit: true, kind: 'directory' });
    await session.writeObject(['b', 'd', 'e', 'f'], text('1'));
    await session.removeMarker(['b', 'd', 'e'], { existing: 1 });
    expect((await session.statObject(['b', 'd', 'e'])).explicit).toBe(false);
    await session.removeObject(['b', 'd', 'e', 'f'], { existing: 1 });
    expect((await session.list(['b'])).entries).toEqual([]);
    await session.makeMarker(['b', 'd'], { existing: 1 });
    await session.removeMarker(['b', 'd'], { existing: 1 });
    expect((await session.list(['b'])).entries).toEqual([]);
  });

  it('changes tags and metadata with a look at those that stand, and nothing else', async () => {
    const session = await fresh();
    await session.writeObject(['d', 'f'], text('content'), {
      existing: 0,
      attributes: { metadata: new Map([['k', 'v']]) },
      describe: () => ({ etag: 'e' }),
    });
    const before = await session.statObject(['d', 'f']);
    const count = (current: ObjectEntry) => ({
      tags: new Map([['n', String(Number(current.tags.get('n') ?? '0') + 1)]]),
    });
    await Promise.all(Array.from({ length: 10 }, () => session.changeObject(['d', 'f'], count)));
    const after = await session.statObject(['d', 'f']);
    expect(after).toEqual({ ...before, tags: new Map([['n', '10']]), revision: after.revision });
    await session.writeObject(['d'], text('beside'));
    expect((await session.changeObject(['d'], () => ({ mode: 0o700 }))).kind).toBe('directory');
    expect((await session.changeObject(['d'], () => ({ mode: 0o600 }), 'file')).kind).toBe('file');
    const refusal = new Error('no');
    const refused = session.changeObject(['d'], () => {
      throw refusal;
    });
    await expect(refused).rejects.toBe(refusal);
    await expect(session.changeObject(['none'], count)).rejects.toMatchObject({ code: 'not-found' });
    const large = session.changeObject(['d'], () => ({ tags: new Map([['t', 'x'.repeat(4097)]]) }));
    await expect(large).rejects.toMatchObject({ code: 'too-large' });
  });

  it('lists from any key on', async () => {
    const session = await fresh();
    const names = Array.from({ length: 300 }, (_, index) => `n${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => session.writeObject([name], text(name))));
    const page = await session.listObjects([], { from: 'n0100', limit: 3 });
    expect(page.entries.map((entry) => entry.name)).toEqual(['n0100', 'n0101', 'n0102']);
    const rest = await session.listObjects([], { after: page.next ?? '' });
    expect(rest.entries.map((entry) => entry.name)).toEqual(names.slice(103));
    expect(rest.next).toBeUndefined();
  });

  it('composes files of stretches without storing content anew', async () => {
    const store = new MemoryStore();
    const { vault, reopen } = await openFresh(store);
    const session = vault.session();
    const parts = [bytes(200_000, 1), bytes(70_000, 2), bytes(5, 3)];
    for (const [index, part] of parts.entries())
      await session.writeObject([STAGING, 'u', `${index}`], part, { existing: 0, shared: index === 0 });
    expect((await session.list([])).entries).toEqual([]);
    await session.composeObject(
      parts.map((_, index) => ({ path: [STAGING, 'u', `${index}`] })),
      ['whole'],
      {
        describe: (sources) => ({
          properties: { partSizes: sources.map((source) => source.size) },
          attributes: {},
        }),
      },
    );
    await session.remove([STAGING, 'u'], { recursive: true });
    await session.composeObject([{ path: ['whole'], offset: 199_999, length: 70_002 }], ['middle'], {
      describe: () => ({ properties: {}, attributes: {} }),
    });
    await session.composeObject([{ path: ['whole'] }], ['whole'], {
      describe: ([source]) => ({
        properties: { ...(source?.partSizes && { partSizes: source.partSizes }), contentType: 'a/b' },
        attributes: {},
      }),
    });
    await session.remove(['middle']);
    await vault.gc();
    await vault.close();
    const again = await reopen();
    const whole = Buffer.concat(parts);
    expect(Buffer.compare(await contentOf(again.session(), 'whole'), new Uint8Array(whole))).toBe(0);
    expect(await again.session().statObject(['whole'])).toMatchObject({
      partSizes: [200_000, 70_000, 5],
      contentType: 'a/b',
    });
    expect((await again.check({ readContent: true })).problems).toEqual([]);
  });

  it('refuses ranges that the source does not have, and sources that are not there', async () => {
    const session = await fresh();
    await session.writeObject(['f'], text('12345'));
    const describe = (): { properties: object; attributes: object } => ({ properties: {}, attributes: {} });
    await expect(
      session.composeObject([{ path: ['f'], offset: 4, length: 2 }], ['g'], { describe }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(session.composeObject([{ path: ['h'] }], ['g'], { describe })).rejects.toMatchObject({
      code: 'not-found',
    });
    await expect(session.statObject(['g'])).rejects.toMatchObject({ code: 'not-found' });
  });
});
