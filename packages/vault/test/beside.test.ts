import { describe, expect, it } from 'vitest';
import type { ObjectSession } from '../src/index.js';
import { collect, openFresh, text } from './fresh-vault.js';

/* Files and directories of one name, and empty names: what objects may have and file protocols do not see. */

async function names(session: ObjectSession, ...path: string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of session.entries(path)) found.push(`${entry.name}:${entry.kind}`);
  const paged: string[] = [];
  for (let after: string | undefined, more = true; more; ) {
    const page = await session.list(path, { limit: 2, ...(after === undefined ? {} : { after }) });
    paged.push(...page.entries.map((entry) => `${entry.name}:${entry.kind}`));
    after = page.next;
    more = after !== undefined;
  }
  expect(paged).toEqual(found);
  return found;
}

async function keys(session: ObjectSession, ...path: string[]): Promise<string[]> {
  const { entries } = await session.listObjects(path);
  return entries.map((entry) => `${entry.name}:${entry.kind}`);
}

async function contentOf(session: ObjectSession, ...path: string[]): Promise<string> {
  const reader = await session.openObject(path);
  const bytes = await collect(reader.stream());
  await reader.close();
  return Buffer.from(bytes).toString();
}

/** A file `a` beside a directory `a`, with names around them that sort between. */
async function withBoth(first: 'file' | 'directory'): Promise<{
  session: ObjectSession;
  check: () => Promise<readonly unknown[]>;
}> {
  const { vault } = await openFresh();
  const session = vault.session();
  const steps = [
    () => session.writeObject(['a'], text('file'), { existing: 0 }),
    () => session.writeObject(['a', 'b'], text('below'), { existing: 0 }),
  ];
  for (const step of first === 'file' ? steps : steps.reverse()) await step();
  for (const name of ['a!', 'a-x', 'a0']) await session.write([name], text(name));
  return { session, check: async () => (await vault.check({ readContent: true })).problems };
}

describe.each(['file', 'directory'] as const)('a file beside a directory, the %s first', (first) => {
  it('are both there for objects; file protocols see the directory', async () => {
    const { session, check } = await withBoth(first);
    expect(await keys(session)).toEqual(['a:file', 'a!:file', 'a-x:file', 'a:directory', 'a0:file']);
    expect(await names(session)).toEqual(['a!:file', 'a-x:file', 'a:directory', 'a0:file']);
    expect((await session.stat(['a'])).kind).toBe('directory');
    expect((await session.statObject(['a'])).kind).toBe('directory');
    expect((await session.statObject(['a'], 'file')).size).toBe(4);
    expect(await contentOf(session, 'a')).toBe('file');
    expect(await contentOf(session, 'a', 'b')).toBe('below');
    await expect(session.open(['a'], { read: true })).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(session.write(['a'], text('x'))).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(session.remove(['a'])).rejects.toMatchObject({ code: 'is-a-directory' });
    await session.writeObject(['a'], text('newer'));
    expect(await contentOf(session, 'a')).toBe('newer');
    expect(await check()).toEqual([]);
  });

  it('stays where it is when the directory is moved, replaced or removed', async () => {
    const { session, check } = await withBoth(first);
    await session.rename(['a'], ['moved']);
    expect(await keys(session)).toEqual(['a:file', 'a!:file', 'a-x:file', 'a0:file', 'moved:directory']);
    expect(await names(session)).toContain('a:file');
    await session.writeObject(['a', 'c'], text('1'), { existing: 0 });
    await session.remove(['a', 'c']);
    await session.rename(['moved'], ['a'], { replace: true });
    expect(await contentOf(session, 'a', 'b')).toBe('below');
    expect(await contentOf(session, 'a')).toBe('file');
    await session.mkdir(['other', 'a'], { recursive: true });
    await session.writeObject(['other', 'a'], text('there'));
    await session.rename(['a'], ['other', 'a'], { replace: true });
    expect(await contentOf(session, 'other', 'a')).toBe('there');
    expect(await contentOf(session, 'other', 'a', 'b')).toBe('below');
    await session.remove(['other', 'a'], { recursive: true });
    expect(await names(session, 'other')).toEqual(['a:file']);
    expect(await names(session)).toContain('a:file');
    expect(await check()).toEqual([]);
  });

  it('goes without the directory, and the directory without it', async () => {
    const { session } = await withBoth(first);
    await session.removeObject(['a']);
    expect(await contentOf(session, 'a', 'b')).toBe('below');
    await session.writeObject(['a'], text('again'));
    await session.removeObject(['a', 'b'], { existing: 0 });
    expect(await names(session)).toContain('a:file');
    await session.makeMarker(['a'], { existing: 0 });
    expect(await names(session)).toContain('a:directory');
    await session.removeMarker(['a'], { existing: 0 });
    expect(await contentOf(session, 'a')).toBe('again');
  });
});

describe('what file protocols do', () => {
  it('still keeps a name for one thing only', async () => {
    const { session } = await withBoth('file');
    await session.write(['f'], text('1'));
    await session.mkdir(['d']);
    await session.symlink('f', ['l']);
    await expect(session.mkdir(['f'])).rejects.toMatchObject({ code: 'exists' });
    await expect(session.mkdir(['f', 'x'], { recursive: true })).rejects.toMatchObject({
      code: 'not-a-directory',
    });
    await expect(session.write(['d'], text('1'))).rejects.toMatchObject({ code: 'is-a-directory' });
    await expect(session.rename(['d'], ['f'], { replace: true })).rejects.toMatchObject({
      code: 'not-a-directory',
    });
    await expect(session.rename(['f'], ['a'], { replace: true })).rejects.toMatchObject({
      code: 'is-a-directory',
    });
    const besideLink = session.writeObject(['l', 'x'], text('1'), { existing: 0 });
    await expect(besideLink).rejects.toMatchObject({ code: 'not-a-directory' });
  });

  it('goes on with a file that was open when a directory came beside it', async () => {
    const { vault } = await openFresh();
    const session = vault.session();
    await session.write(['a'], text('old'));
    const handle = await session.open(['a'], { write: true, append: true });
    await session.writeObject(['a', 'b'], text('1'), { existing: 0 });
    await handle.write(0, text(' and new'));
    await handle.close();
    expect(await contentOf(session, 'a')).toBe('old and new');
    const late = await session.open(['new'], { write: true, create: true });
    await session.makeMarker(['new'], { existing: 0 });
    await late.write(0, text('1'));
    await expect(late.close()).rejects.toMatchObject({ code: 'is-a-directory' });
  });

  it('neither sees nor takes empty names, and cannot remove by accident what bears one', async () => {
    const { vault } = await openFresh();
    const session = vault.session();
    await session.writeObject(['d', ''], text('of d/'), { existing: 0 });
    await session.writeObject(['d', '', 'x'], text('of d//x'), { existing: 0 });
    expect(await keys(session, 'd')).toEqual([':file', ':directory']);
    expect(await contentOf(session, 'd', '')).toBe('of d/');
    expect(await contentOf(session, 'd', '', 'x')).toBe('of d//x');
    expect(await names(session, 'd')).toEqual([]);
    const refused = { code: 'invalid-name' };
    await expect(session.stat(['d', ''])).rejects.toMatchObject(refused);
    await expect(session.write(['d', ''], text('1'))).rejects.toMatchObject(refused);
    await expect(collect(session.read(['d', '', 'x']))).rejects.toMatchObject(refused);
    await expect(names(session, 'd', '')).rejects.toMatchObject(refused);
    await expect(session.rename(['d'], [''])).rejects.toMatchObject(refused);
    await expect(session.mkdir(['d', '', 'y'], { recursive: true })).rejects.toMatchObject(refused);
    await expect(session.rmdir(['d'])).rejects.toMatchObject({ code: 'not-empty' });
    await session.removeObject(['d', ''], { existing: 0 });
    await session.removeObject(['d', '', 'x'], { existing: 0 });
    expect(await keys(session)).toEqual([]);
    expect((await vault.check({ readContent: true })).problems).toEqual([]);
  });
});
