import type { MemoryStore } from '@latchkey/store';
import { describe, expect, it } from 'vitest';
import type { ObjectSession, Path, Vault } from '../src/index.js';
import { collect, text } from './fresh-vault.js';
import { emptyVault, type OpenVault } from './template.js';
import { BIG, DAY, HOUR, later, onSystemClock, settled, stored } from './time-and-store.js';

const LONG = new Uint8Array(70_000).map((_, index) => (index * 7) & 255);

async function fresh(): Promise<{
  store: MemoryStore;
  open: OpenVault;
  vault: Vault;
  session: ObjectSession;
}> {
  const store = onSystemClock();
  const open = await emptyVault(store);
  const vault = await open(store, { graceSeconds: 0 });
  return { store, open, vault, session: vault.session() };
}

async function put(session: ObjectSession, path: Path, appendix: Uint8Array): Promise<void> {
  await session.writeObject(path, text('content'), { describe: () => ({ etag: 'e', appendix }) });
}

async function appendixAt(session: ObjectSession, ...path: string[]): Promise<Uint8Array | undefined> {
  const { appendix } = await session.statObject(path);
  return appendix && session.readAppendix(appendix);
}

describe('an appendix', () => {
  it.each([0, 1, 256, 257, 70_000])(
    'of %i bytes goes with its content and is no part of it',
    async (size) => {
      const { store, session, vault, open } = await fresh();
      const bytes = LONG.subarray(0, size);
      await put(session, ['f'], bytes);
      expect(await stored(store, 'b/')).toHaveLength(size > 256 ? 1 : 0);
      const other = (await open()).session();
      expect(await appendixAt(other, 'f')).toEqual(bytes);
      expect(await collect(other.read(['f']))).toEqual(text('content'));
      expect((await other.stat(['f'])).size).toBe(7);
      const [listed] = (await session.listObjects([])).entries;
      expect(listed?.appendix?.size).toBe(size);
      const named = listed?.appendix ?? { size: 0 };
      expect(await session.readAppendix(named, 200, 70)).toEqual(bytes.subarray(200, 270));
      await session.setAttributes(['f'], { mode: 0o600 });
      await session.mkdir(['d']);
      await session.rename(['f'], ['d', 'g']);
      await session.rename(['d'], ['e']);
      await session.copy(['e', 'g'], ['copy']);
      for (const path of [['e', 'g'], ['copy']]) expect(await appendixAt(session, ...path)).toEqual(bytes);
      expect((await vault.check({ readContent: true })).problems).toEqual([]);
      await session.write(['copy'], text('other'));
      expect(await appendixAt(session, 'copy')).toBeUndefined();
      const handle = await session.open(['e', 'g'], { write: true, append: true });
      await handle.write(0, text('!'));
      await handle.close();
      expect(await appendixAt(session, 'e', 'g')).toBeUndefined();
    },
  );

  it('is freed with its content, and not before', async () => {
    const { store, vault, session, open } = await fresh();
    await put(session, ['f'], LONG);
    await vault.close();
    later(2 * DAY);
    const next = await open(store, { graceSeconds: 0 });
    expect(await next.gc()).toMatchObject({ deleted: 0, kept: 1 });
    expect(await appendixAt(next.session(), 'f')).toEqual(LONG);
    await next.session().write(['f'], text('short'));
    later(3000);
    await next.session().write(['x'], text('x'));
    await settled();
    expect(await stored(store, 'b/')).toHaveLength(0);
  });

  it('is shared by what is composed of a source, and outlives it', async () => {
    const { store, vault, session, open } = await fresh();
    await put(session, ['f'], LONG);
    await session.composeObject([{ path: ['f'] }], ['g'], {
      describe: ([from]) => ({
        properties: from?.appendix === undefined ? {} : { appendix: from.appendix },
        attributes: {},
      }),
    });
    await session.removeObject(['f']);
    expect(await stored(store, 'b/')).toHaveLength(1);
    await vault.close();
    later(2 * DAY);
    const next = await open(store, { graceSeconds: 0 });
    await next.gc();
    expect(await appendixAt(next.session(), 'g')).toEqual(LONG);
    await next.session().removeObject(['g']);
    await next.gc();
    later(DAY + HOUR);
    await next.session().write(['x'], text('x'));
    await next.gc();
    expect(await stored(store, 'b/')).toHaveLength(0);
  });

  it('stays with an older version', async () => {
    const { session } = await fresh();
    await session.mkdir(['b']);
    await session.versions.setKeeping('b', () => ({ versions: 'all', locks: false }));
    await put(session, ['b', 'f'], LONG);
    const { versionId = '' } = await session.statObject(['b', 'f']);
    await session.writeObject(['b', 'f'], BIG);
    const { appendix } = await session.versions.stat(['b', 'f'], versionId);
    expect(appendix && (await session.readAppendix(appendix))).toEqual(LONG);
  });

  it('is checked', async () => {
    const { store, vault, session } = await fresh();
    await put(session, ['f'], LONG);
    const [blob] = await stored(store, 'b/');
    if (blob === undefined) throw new Error('no blob');
    const bytes = Uint8Array.from(store.peek(blob) ?? []);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    store.tamper(blob, bytes);
    expect((await vault.check({ readContent: true })).problems.map(({ path }) => path)).toEqual(['/f']);
    await store.delete([blob]);
    expect((await vault.check()).problems.map(({ object }) => `b/${object}`)).toEqual([
      expect.stringContaining('b/'),
    ]);
  });

  it('is refused when it is too long, or of a file that is no source', async () => {
    const { session } = await fresh();
    await put(session, ['f'], LONG);
    await session.write(['g'], BIG);
    const { appendix } = await session.statObject(['f']);
    if (appendix === undefined) throw new Error('no appendix');
    const compose = (properties: { appendix: Uint8Array | { size: number } }): Promise<unknown> =>
      session.composeObject([{ path: ['g'] }], ['h'], { describe: () => ({ properties, attributes: {} }) });
    await expect(compose({ appendix })).rejects.toMatchObject({ code: 'invalid-argument' });
    const tooLong = { appendix: new Uint8Array(4 * 1024 * 1024 + 1) };
    await expect(compose(tooLong)).rejects.toMatchObject({ code: 'too-large' });
    await expect(session.readAppendix({ size: 3 })).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(session.statObject(['h'])).rejects.toMatchObject({ code: 'not-found' });
  });
});
